"""Who counts as online."""

from __future__ import annotations

from server.communication.presence import GONE_AFTER_S, Presence


def test_who_says_so_is_online_until_some_time_has_passed() -> None:
    presence = Presence(most=10)
    presence.reported("bob", "b", now=0.0)
    presence.reported("Ada", "a", now=5.0)
    assert presence.names(now=GONE_AFTER_S) == ["Ada", "bob"]
    assert presence.names(now=GONE_AFTER_S + 1.0) == ["Ada"]


def test_saying_it_again_keeps_one_online() -> None:
    presence = Presence(most=10)
    presence.reported("ada", "a", now=0.0)
    presence.reported("bob", "b", now=1.0)
    presence.reported("ada", "a", now=10.0)
    assert presence.names(now=GONE_AFTER_S + 5.0) == ["ada"]


def test_a_name_is_known_by_its_own_token_alone() -> None:
    presence = Presence(most=10)
    presence.reported("ada", "a", now=0.0)
    assert presence.is_known("ada", "a", now=1.0)
    assert not presence.is_known("ada", "b", now=1.0)
    assert not presence.is_known("bob", "a", now=1.0)
    assert not presence.is_known("ada", "a", now=GONE_AFTER_S + 1.0)


def test_there_is_a_limit_and_the_longest_unheard_goes_first() -> None:
    presence = Presence(most=2)
    for name in ("ada", "bob", "eve"):
        presence.reported(name, name, now=0.0)
    assert presence.names(now=0.0) == ["bob", "eve"]


def test_who_is_online_is_proven_again_after_a_while_and_at_once_when_new() -> None:
    presence = Presence(most=10)
    assert presence.needs_confirmation("ada", now=0.0, every_s=60.0)
    presence.confirmed("ada", "a", now=0.0)
    for now in range(5, 60, 5):
        presence.reported("ada", "a", now=float(now))
        assert not presence.needs_confirmation("ada", now=float(now), every_s=60.0)
    assert presence.is_known("ada", "a", now=60.0)
    assert presence.needs_confirmation("ada", now=60.0, every_s=60.0)
    presence.names(now=60.0 + GONE_AFTER_S)
    presence.confirmed("ada", "a", now=80.0)
    presence.remove("ada")
    assert presence.names(now=80.0) == []
    assert presence.needs_confirmation("ada", now=80.0, every_s=60.0)
