"""How many wrong recovery codes may be tried."""

from __future__ import annotations

from server.guesses import AGAIN_S, AT_ONCE, Guesses


def test_some_at_once_then_one_every_now_and_then_for_each_name() -> None:
    guesses = Guesses()
    for _ in range(AT_ONCE):
        assert not guesses.too_many("ada", now=0.0)
        guesses.wrong("ada", now=0.0)
    assert guesses.too_many("ada", now=0.0)
    assert guesses.too_many("ada", now=AGAIN_S * 0.9)
    assert not guesses.too_many("bob", now=0.0)
    assert not guesses.too_many("ada", now=AGAIN_S)
    guesses.wrong("ada", now=AGAIN_S)
    assert guesses.too_many("ada", now=AGAIN_S * 1.9)
    assert not guesses.too_many("ada", now=AGAIN_S * 2)


def test_so_many_names_are_remembered_and_the_longest_ago_is_forgotten() -> None:
    guesses = Guesses(most=2)
    for name in ("ada", "bob", "eve"):
        for _ in range(AT_ONCE):
            guesses.wrong(name, now=0.0)
    assert [guesses.too_many(name, now=0.0) for name in ("ada", "bob", "eve")] == [False, True, True]
