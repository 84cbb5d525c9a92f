"""Who may connect: how many in all, of one host, and how many who have not said who they are."""

from __future__ import annotations

from wire.connection_limits import HALF_OPEN_S, ConnectionLimits, ConnectionSlot


def admit(limits: ConnectionLimits, host: str = "a", now: float = 0.0) -> ConnectionSlot:
    slot, evicted = limits.admit(host, now)
    assert slot is not None
    assert evicted is None
    return slot


def test_there_is_room_for_so_many_and_again_when_one_leaves() -> None:
    limits = ConnectionLimits(most=2, most_of_host=2)
    first = admit(limits)
    limits.handshake_done(first)
    limits.handshake_done(admit(limits))
    assert limits.admit("a", 9.0) == (None, None)
    limits.release(first)
    limits.release(first)
    assert len(limits) == 1
    admit(limits)


def test_one_host_cannot_take_all() -> None:
    limits = ConnectionLimits(most=10, most_of_host=2)
    slots = [admit(limits, "crowd"), admit(limits, "crowd")]
    assert limits.admit("crowd", 0.0) == (None, None)
    admit(limits, "other")
    limits.release(slots[0])
    admit(limits, "crowd")


def test_the_longest_silent_makes_room_for_another() -> None:
    limits = ConnectionLimits(most=10, most_of_host=10, most_half_open=2)
    oldest = admit(limits, now=0.0)
    admit(limits, now=0.5)
    slot, evicted = limits.admit("b", HALF_OPEN_S)
    assert slot is not None
    assert evicted is oldest
    limits.release(oldest)
    assert len(limits) == 2


def test_who_has_only_just_come_is_given_time_and_the_next_ones_wait_outside() -> None:
    limits = ConnectionLimits(most=10, most_of_host=10, most_half_open=2)
    first = admit(limits, now=0.0)
    admit(limits, now=0.0)
    assert not limits.is_open(HALF_OPEN_S / 2)
    assert limits.is_open(HALF_OPEN_S), "now the first has had its time"
    limits.handshake_done(first)
    assert limits.is_open(0.0)


def test_silent_ones_do_not_keep_a_full_house_full() -> None:
    limits = ConnectionLimits(most=2, most_of_host=2)
    limits.handshake_done(admit(limits, now=0.0))
    silent = admit(limits, now=0.0)
    assert limits.admit("a", HALF_OPEN_S / 2) == (None, None)
    slot, evicted = limits.admit("a", HALF_OPEN_S)
    assert slot is not None
    assert evicted is silent
