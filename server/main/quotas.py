"""How many names, rooms and seats a person or a host may have. Refuses more with LimitReached.

A host is known by the names that are used from it (``name_hosts``). What is being made is counted too. Otherwise
parallel requests could exceed a limit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from game.errors import LimitReached
from game.rooms.state import Room
from server.log.name_stream import name_stream
from server.main.attempt_limiter import AttemptLimiter
from server.main.name_hosts import NameHosts
from server.rooms.room_store import RoomStore
from server.settings import Settings

AN_HOUR_S = 3600.0


class Quotas:
    """What people and hosts have, against the limits in the settings."""

    def __init__(self, store: RoomStore, settings: Settings, clock: Callable[[], float]) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._hosts = NameHosts()
        self._claiming: Counter[str] = Counter()  # claims under way, by host; never 0
        self._opening: Counter[str] = Counter()  # rooms being opened, by owner; never 0
        self._new_names = _in_an_hour(settings.max_new_names_per_host_per_hour)
        self._new_rooms = _in_an_hour(settings.max_new_rooms_per_name_per_hour)

    @property
    def names_under_way(self) -> int:
        """How many names are being claimed."""
        return self._claiming.total()

    @property
    def rooms_under_way(self) -> int:
        """How many rooms are being opened by their owners."""
        return self._opening.total()

    def record_host(self, name: str, host: str) -> None:
        """Record the host of a name's owner."""
        state = self._store.names.state(name_stream(name))
        if state is not None and state.is_owned:  # a free name would stay in ``_hosts`` for ever
            self._hosts.put(state.name, host)

    def forget_if_free(self, name: str) -> None:
        """Forget the host of a name that has no owner any more."""
        if not self._store.state_of(name_stream(name)).is_owned:
            self._hosts.forget(name)

    @contextmanager
    def new_name(self, name: str, host: str) -> Iterator[None]:
        """Count a name for its host while it is being claimed, and after it. Raises LimitReached."""
        settings, new = self._settings, self._store.names.state(name_stream(name)) is None
        if len(self._hosts.names_of(host)) + self._claiming[host] >= settings.max_names_per_host and host:
            raise LimitReached(
                f"your address has {settings.max_names_per_host} names, the most that it may have (MAX_NAMES_PER_HOST)"
            )
        if host and self._new_names.is_exhausted(host, self._clock()):
            raise LimitReached(
                f"your address has claimed {settings.max_new_names_per_host_per_hour} new names, the most"
                " in an hour (MAX_NEW_NAMES_PER_HOST_PER_HOUR)"
            )
        self._claiming[host] += 1
        with self._counted_down(self._claiming, host):
            yield
            self.record_host(name, host)
            if host and new:
                self._new_names.record(host, self._clock())

    @contextmanager
    def new_room(self, by: str, host: str) -> Iterator[None]:
        """Count a room for its owner and the owner's host while it is being opened. Raises LimitReached."""
        settings = self._settings
        of_host = list(self._hosts.names_of(host))
        opened, of_all = self._store.index.opened_by([by]), self._store.index.opened_by(of_host)
        if opened + self._opening[by] >= settings.max_rooms_per_name:
            raise LimitReached(
                f"you have {settings.max_rooms_per_name} open rooms, the most that you may have: close one"
                " (MAX_ROOMS_PER_NAME)"
            )
        if of_all + sum(self._opening[name] for name in of_host) >= settings.max_rooms_per_host:
            raise LimitReached(
                f"your address has {settings.max_rooms_per_host} open rooms, the most that it may have"
                " (MAX_ROOMS_PER_HOST)"
            )
        if self._new_rooms.is_exhausted(by, self._clock()):
            raise LimitReached(
                f"you have opened {settings.max_new_rooms_per_name_per_hour} rooms, the most in an hour"
                " (MAX_NEW_ROOMS_PER_NAME_PER_HOUR)"
            )
        self._opening[by] += 1
        with self._counted_down(self._opening, by):
            yield
            self._new_rooms.record(by, self._clock())

    def check_join(self, room: Room, by: str, role: str, host: str) -> None:
        """Raise LimitReached if this person may not enter the room."""
        settings = self._settings
        takes_seat = role == "player" and len(room.players) < len(room.seats)
        if takes_seat and self._store.index.seats_of(by) >= settings.max_seats_per_name:
            raise LimitReached(
                f"you have seats in {settings.max_seats_per_name} open rooms, the most that you may have"
                " (MAX_SEATS_PER_NAME)"
            )
        of_host = self._hosts.names_of(host)
        here = sum(name in of_host for name in (*room.players, *room.spectators))
        if here >= settings.max_people_per_room_per_host:
            raise LimitReached(
                f"{settings.max_people_per_room_per_host} people of your address are in this room, the most that may be"
                " (MAX_PEOPLE_PER_ROOM_PER_HOST)"
            )

    def check_reserve(self, host: str) -> None:
        """Raise LimitReached if the host may have no further reserved name."""
        of_host = list(self._hosts.names_of(host))
        kept = sum(self._store.state_of(name_stream(name)).is_reserved for name in of_host)
        if kept >= self._settings.max_kept_names_per_host:
            raise LimitReached(
                f"{kept} names of your address have a recovery code, the most that may (MAX_KEPT_NAMES_PER_HOST)"
            )

    @contextmanager
    def _counted_down(self, under_way: Counter[str], key: str) -> Iterator[None]:
        try:
            yield
        finally:
            under_way[key] -= 1
            if not under_way[key]:
                del under_way[key]


def _in_an_hour(most: int) -> AttemptLimiter:
    return AttemptLimiter(at_once=most, again_s=AN_HOUR_S / most)
