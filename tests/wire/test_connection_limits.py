"""Who may connect: how many in all, of one host, and how many who have not said who they are."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from wire.connection_limits import SILENT_S, ConnectionLimits, ConnectionSlot


@pytest.fixture
def plug() -> Iterator[socket.socket]:
    with socket.socket() as plug:
        yield plug


def enter(door: ConnectionLimits, plug: socket.socket, host: str = "a", now: float = 0.0) -> ConnectionSlot:
    guest, goes = door.enter(plug, host, now)
    assert guest is not None
    assert goes is None
    return guest


def test_there_is_room_for_so_many_and_again_when_one_leaves(plug: socket.socket) -> None:
    door = ConnectionLimits(most=2, most_of_host=2)
    first = enter(door, plug)
    door.shaken(first)
    door.shaken(enter(door, plug))
    assert door.enter(plug, "a", 9.0) == (None, None)
    door.left(first)
    door.left(first)
    assert len(door) == 1
    enter(door, plug)


def test_one_host_cannot_take_all(plug: socket.socket) -> None:
    door = ConnectionLimits(most=10, most_of_host=2)
    guests = [enter(door, plug, "crowd"), enter(door, plug, "crowd")]
    assert door.enter(plug, "crowd", 0.0) == (None, None)
    enter(door, plug, "other")
    door.left(guests[0])
    enter(door, plug, "crowd")


def test_the_longest_silent_makes_room_for_another(plug: socket.socket) -> None:
    door = ConnectionLimits(most=10, most_of_host=10, most_silent=2)
    oldest = enter(door, plug, now=0.0)
    enter(door, plug, now=0.5)
    guest, goes = door.enter(plug, "b", SILENT_S)
    assert guest is not None
    assert goes is oldest
    door.left(oldest)
    assert len(door) == 2


def test_who_has_only_just_come_is_given_time_and_the_next_ones_wait_outside(plug: socket.socket) -> None:
    door = ConnectionLimits(most=10, most_of_host=10, most_silent=2)
    first = enter(door, plug, now=0.0)
    enter(door, plug, now=0.0)
    assert not door.is_open(SILENT_S / 2)
    assert door.is_open(SILENT_S), "now the first has had its time"
    door.shaken(first)
    assert door.is_open(0.0)


def test_silent_ones_do_not_keep_a_full_house_full(plug: socket.socket) -> None:
    door = ConnectionLimits(most=2, most_of_host=2)
    door.shaken(enter(door, plug, now=0.0))
    silent = enter(door, plug, now=0.0)
    assert door.enter(plug, "a", SILENT_S / 2) == (None, None)
    guest, goes = door.enter(plug, "a", SILENT_S)
    assert guest is not None
    assert goes is silent
