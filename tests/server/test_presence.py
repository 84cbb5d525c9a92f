"""Who counts as online."""

from __future__ import annotations

from server.presence import GONE_AFTER_S, Presence


def test_who_says_so_is_online_until_some_time_has_passed() -> None:
    presence = Presence(most=10)
    presence.heard("bob", "b", now=0.0)
    presence.heard("Ada", "a", now=5.0)
    assert presence.names(now=GONE_AFTER_S) == ["Ada", "bob"]
    assert presence.names(now=GONE_AFTER_S + 1.0) == ["Ada"]


def test_saying_it_again_keeps_one_online() -> None:
    presence = Presence(most=10)
    presence.heard("ada", "a", now=0.0)
    presence.heard("bob", "b", now=1.0)
    presence.heard("ada", "a", now=10.0)
    assert presence.names(now=GONE_AFTER_S + 5.0) == ["ada"]


def test_a_name_is_known_by_its_own_token_alone() -> None:
    presence = Presence(most=10)
    presence.heard("ada", "a", now=0.0)
    assert presence.knows("ada", "a", now=1.0)
    assert not presence.knows("ada", "b", now=1.0)
    assert not presence.knows("bob", "a", now=1.0)
    assert not presence.knows("ada", "a", now=GONE_AFTER_S + 1.0)


def test_there_is_a_limit_and_the_longest_unheard_goes_first() -> None:
    presence = Presence(most=2)
    for name in ("ada", "bob", "eve"):
        presence.heard(name, name, now=0.0)
    assert presence.names(now=0.0) == ["bob", "eve"]
