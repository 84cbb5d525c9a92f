"""Times of last activity, against a naive table."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.main.last_active import LastActive

KEYS = st.sampled_from("abcde")


@given(st.lists(st.tuples(st.sampled_from(["touch", "forget", "older"]), KEYS, st.integers(0, 3))))
def test_times_are_those_of_a_naive_table(steps: list[tuple[str, str, int]]) -> None:
    active: LastActive[str] = LastActive()
    naive: dict[str, float] = {}
    now = 1.0
    for what, key, passes in steps:
        now += passes
        if what == "touch":
            active.touch(key, now)
            naive[key] = now
        elif what == "forget":
            active.forget(key, now - 2)
            if key in naive and naive[key] <= now - 2:
                del naive[key]
        else:
            active.add_older([key], 0.0)
            naive.setdefault(key, 0.0)
        assert [active.at(one) for one in "abcde"] == [naive.get(one) for one in "abcde"]
        old = active.before(now)
        assert dict(old) == {one: at for one, at in naive.items() if at < now}
        assert [at for _, at in old] == sorted(at for _, at in old)
        assert active.before(now, 1) == old[:1]
        assert (key in active) == (key in naive)
