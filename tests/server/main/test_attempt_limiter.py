"""How often something may be done: at once, and then."""

from __future__ import annotations

from server.main.attempt_limiter import AttemptLimiter

AT_ONCE, AGAIN_S = 10, 2.0


def test_some_at_once_then_one_every_now_and_then_for_each_key() -> None:
    limiter = AttemptLimiter(at_once=AT_ONCE, again_s=AGAIN_S)
    for _ in range(AT_ONCE):
        assert not limiter.is_exhausted("ada", now=0.0)
        limiter.record("ada", now=0.0)
    assert limiter.is_exhausted("ada", now=0.0)
    assert limiter.is_exhausted("ada", now=AGAIN_S * 0.9)
    assert not limiter.is_exhausted("bob", now=0.0)
    assert not limiter.is_exhausted("ada", now=AGAIN_S)
    limiter.record("ada", now=AGAIN_S)
    assert limiter.is_exhausted("ada", now=AGAIN_S * 1.9)
    assert not limiter.is_exhausted("ada", now=AGAIN_S * 2)


def test_so_many_keys_are_remembered_and_the_longest_ago_is_forgotten() -> None:
    limiter = AttemptLimiter(at_once=AT_ONCE, again_s=AGAIN_S, most=2)
    for name in ("ada", "bob", "eve"):
        for _ in range(AT_ONCE):
            limiter.record(name, now=0.0)
    assert [limiter.is_exhausted(name, now=0.0) for name in ("ada", "bob", "eve")] == [False, True, True]
