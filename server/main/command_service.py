"""Authenticates callers, submits commands and answers reads. ``account_service`` has the usernames.

The token is checked first; then, for new rooms and joins, the limits (``quotas``). The rules of a room decide during
the commit. Room objects and the peer object only check arguments and call this module.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from typing import Any

import structlog

from game.errors import InvalidArgument, Refusal
from game.rooms.commands import SYSTEM, Close, Command, Create, Leave
from game.rooms.decide_access import check_may_see
from game.rooms.state import Room
from server.log.room_stream import room_stream
from server.main.account_service import AccountService
from server.main.last_active import LastActive
from server.rooms.ids import room_id_of, system_request
from server.rooms.room_store import RoomStore
from server.runtime.effects import Effects, Sleep, Submit
from server.runtime.procedures import CommitLock
from server.runtime.security import token_hash
from server.settings import Settings
from wire.caller import calling_host
from wire.errors import Busy, Damaged
from wire.later import Later

INVITE_BYTES = 6
"""Random bytes of an invite code."""
LOADED_AT_ONCE = 5
"""Rooms that are loaded in a turn of the event loop, of ``LOADED_IN_A_SWEEP``."""
LOADED_IN_A_SWEEP = 50
SWEPT_AT_ONCE = 200
"""Rooms that are examined in a turn of the event loop."""

logger = structlog.get_logger()


class CommandService:
    """Takes commands and reads from clients."""

    def __init__(
        self,
        store: RoomStore,
        committer: CommitLock,
        settings: Settings,
        clock: Callable[[], float] = time.monotonic,
        *,
        house_bot: str = "",
        sweeps: bool = True,
    ) -> None:
        """``house_bot``: the hash of the house bot's token.

        ``sweeps``: whether ``sweep`` will be called. Without it, nothing is stored about who was last seen when.
        """
        self._sweeps = sweeps
        self._store = store
        self._committer = committer
        self._settings = settings
        self._clock = clock
        self.accounts = AccountService(store, settings, clock, house_bot=house_bot)
        self._quotas = self.accounts.quotas
        self._seen: LastActive[tuple[str, str]] = LastActive()  # (room, name)
        self._opened_at = clock()

    # -- rooms ----------------------------------------------------------------------------------------------------

    def create(
        self,
        hashed_token: str,
        request_id: str,
        title: str,
        game: str,
        options: Mapping[str, object],
        terms: Mapping[str, object],
        host: str = "",
    ) -> Effects[dict[str, object]]:
        """Open a room. Its id follows from the username and the request id, so a retry finds the same room.

        ``host``: the owner's host. In the answer, ``revision`` is a lobby revision that has the room. ``code`` is the
        invite code, empty if the room is not private. Raises InvalidArgument, Busy, LimitReached.
        """
        by = self.accounts.identify(hashed_token)
        self._quotas.record_host(by, host)
        room = room_id_of(by, request_id)
        new = self.check_new_room(room)
        private, best_of, clock = terms.get("private", False), terms.get("best_of", 0), terms.get("clock", "none")
        if not isinstance(private, bool):
            raise InvalidArgument("private must be true or false")
        code = secrets.token_hex(INVITE_BYTES) if private else ""
        create = Create(by, request_id, title, game, options, best_of, clock, code)
        with self._quotas.new_room(by, host) if new else nullcontext():
            answer = yield Submit(room_stream(room), create)
        return {
            "room": room,
            "version": answer["version"],
            "revision": self._store.index.revision,
            "code": self._store.room(room).access.code,
        }

    def check_new_room(self, room: str, more: int = 0) -> bool:
        """Return whether the room would be new. Raises Busy if so and the cluster has ``max_rooms`` rooms.

        Rooms that are being opened count, too. ``more``: how many further ones are about to be opened.
        """
        new: bool = self._store.state_of(room_stream(room)).phase == "new"
        if new and len(self._store.index) + self._quotas.rooms_under_way + more >= self._settings.max_rooms:
            raise Busy("the servers have their most rooms (MAX_ROOMS)")
        return new

    def expect_players(self, room: str, names: Iterable[str]) -> None:
        """Record these players as seen in a room now, because they are being seated there."""
        for name in names:
            self._touch(room, name)

    # -- in a room ------------------------------------------------------------------------------------------------

    def command(self, token: str, room: str, make: Callable[[str], Command]) -> Later:
        """Submit the command that ``make`` builds for the caller's username."""
        by = self.accounts.identify(token_hash(token))
        self._touch(room, by)
        return self._committer.submit(room_stream(room), make(by))

    def join(self, token: str, room: str, role: str, make: Callable[[str], Command]) -> Later:
        """Submit a command to enter a room, as ``command`` does. Raises LimitReached."""
        by, host = self.accounts.identify(token_hash(token)), calling_host()
        self._quotas.record_host(by, host)
        state = self._store.room(room)
        if state.seat_of(by) is None and not state.has(by):
            self._quotas.check_join(state, by, role, host)
        return self.command(token, room, make)

    def view(self, token: str, room: str, form: str = "view") -> dict[str, Any]:
        """Return the view of a room, or the room in another form."""
        by = self.accounts.identify(token_hash(token))
        check_may_see(self._store.room(room), by)
        self._touch(room, by)
        return self._store.view(room, form)

    def invite(self, token: str, room: str) -> dict[str, object]:
        """Return the invite code of a room to a person inside; empty if the room is not private."""
        by = self.accounts.identify(token_hash(token))
        state = self._store.room(room)
        check_may_see(state, by)
        return {"code": state.access.code}

    def wait(
        self, token: str, room: str, after_version: int, timeout_s: float, form: str = "view"
    ) -> dict[str, Any] | Later:
        """Return what happened in a room after a version, with the room in that form. The answer may come later."""
        by = self.accounts.identify(token_hash(token))
        check_may_see(self._store.room(room), by)
        self._touch(room, by)
        return self._store.wait(room, after_version, min(timeout_s, self._settings.max_wait_s), form)

    # -- regular work ---------------------------------------------------------------------------------------------

    def sweep(self) -> Effects[list[str]]:
        """Do the regular work, a bounded part in each turn of the event loop.

        People unseen for long leave. Idle rooms leave memory or close. The oldest closed rooms are forgotten. Names are
        released. Return the streams that can be removed from the journals.
        """
        settings = self._settings
        before = self._clock() - settings.away_s
        if self._opened_at < before:
            for _ in range(0, LOADED_IN_A_SWEEP, LOADED_AT_ONCE):
                self._store.cache.load_some(LOADED_AT_ONCE)
                yield Sleep(0.0)
        for number, room in enumerate(self._store.cache.open_states()):
            yield from self._expire_absent(room, before)
            if number % SWEPT_AT_ONCE == 0:
                yield Sleep(0.0)
        self._forget_absent(before)
        for room_id in self._store.idle_rooms(settings.room_expire_s):
            yield from self._submit_as_system(room_id, Close(SYSTEM, system_request()))
        yield from self.accounts.release_expired()
        gone = self._store.evict(self._store.idle_rooms(settings.room_idle_s))
        if gone:
            logger.debug("rooms evicted", rooms=gone)
        return self._store.forget_closed(but=self._settings.keep_closed_rooms)

    def _expire_absent(self, room: Room, before: float) -> Effects[None]:
        present = [name for name in (*room.players, *room.spectators) if room.has(name)]
        not_known = max(self._opened_at, before)  # without a time: unseen at least since then
        times = {name: self._seen.at((room.id, name)) for name in present}
        seen = {name: not_known if at is None else at for name, at in times.items()}
        absent = [name for name in present if seen[name] <= before]
        for name in absent:
            self._seen.forget((room.id, name), before)
        for name in absent:
            unseen_ms = int(1000 * (self._clock() - seen[name]))
            yield from self._submit_as_system(room.id, Leave(name, system_request(), unseen_ms))

    def _forget_absent(self, before: float) -> None:
        """Drop times up to ``before``: most of these people left the room, or the room is closed."""
        for key, seen_at in self._seen.before(before):
            self._seen.forget(key, seen_at)

    def _submit_as_system(self, room: str, command: Command) -> Effects[None]:
        try:
            yield Submit(room_stream(room), command)
        except (Refusal, Damaged) as error:
            logger.debug("system command refused", room=room, why=error.message)

    def _touch(self, room: str, name: str) -> None:
        if not self._sweeps:
            return
        self._seen.touch((room, name), self._clock())
