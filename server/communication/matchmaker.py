"""The front door's side of matchmaking: keeps seeks in memory, and requests rooms for matched players.

A seek exists only while a call for it is open. A client that stops calling is not matched, and nothing needs cleanup
when a client dies. The match that results is in the log. After a restart, clients call again and keep their places in
the queue by their tickets. Calls and matching are in one class, because both change the seeks.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from game.errors import TicTacToeError
from game.games.registry import DEFAULT_GAME, PLAYERS_OF_A_MATCH, short_list
from game.match.matchmaking import PATIENT_S, Seeker, Seekers
from game.match.selection import SeekFilter, narrowed
from game.rooms.commands import SYSTEM_REQUESTS
from game.rooms.drain_rules import check_not_draining
from server.communication.bot_matches import BotLimits, BotMatches
from server.communication.following import FOLLOW_WAIT_S
from server.communication.lobby_follower import LobbyFollower
from server.communication.seek_ticket import SeekTickets
from server.rooms.ids import HOUSE_BOT, system_request
from server.rooms.long_poll import LongPolls
from server.rooms.pairing import Pairing
from server.runtime.effects import Await, Effects, RemoteCall, Sleep
from server.runtime.retries import TAKEOVER_S, Retries
from server.runtime.timers import Timers
from wire.errors import NotReady
from wire.later import Later

TICK_S = 0.05
"""Seekers that arrive within this time are matched by rating. No seeker waits longer for that."""
GROUPS_AT_ONCE = 100
"""Matches that are made before other work, and opened by one call. To find so many takes some milliseconds."""
RETRY_S = 0.05
REFUSED_RETRY_S = 0.5
"""Pause after the main server refused to open rooms, because there were too many."""
CANCELLED_S = 10.0
"""A cancelled seek is remembered at least this long. A call with its old ticket returns that the seek is over."""


class _Seek(NamedTuple):
    """The filter of a seek, and since when the seeker waits."""

    accepts: SeekFilter
    since: float


class Matchmaker:
    """Matches seekers."""

    def __init__(
        self,
        lobby: LobbyFollower,
        where: Callable[[str], Mapping[str, object]],
        rating_of: Callable[[str], float],
        key: bytes,
        timers: Timers,
        clock: Callable[[], float] = time.monotonic,
        *,
        bot_limits: BotLimits,
    ) -> None:
        """``where``: returns the address of a room. ``key``: signs tickets."""
        self._bot_matches = BotMatches(lobby, bot_limits)
        self._lobby = lobby
        self._where = where
        self._rating_of = rating_of
        self._tickets = SeekTickets(key)
        self._clock = clock
        self._choices = short_list(DEFAULT_GAME)
        self.retries = Retries("rooms for matches not opened", log_after_s=TAKEOVER_S)
        self._seekers = Seekers(self._choices, players=PLAYERS_OF_A_MATCH)
        self._news = False  # whether a seeker was added since the last matching
        self._being_matched: set[str] = set()  # players for whom a room is being opened
        self._waits_for_matches = LongPolls(lambda *_: {}, timers, clock)  # of ``cancel``, for ``_being_matched``
        self._cancelled: dict[str, float] = {}  # name -> since when; the oldest first
        self._long_polls = LongPolls(self._state_of, timers, clock)

    # -- calls ----------------------------------------------------------------------------------------------------

    def seek(self, name: str, accepts: SeekFilter, ticket: str, timeout_s: float) -> dict[str, object] | Later:
        """Return a match: at once or when there is one; when the time is up, return the state of the seek.

        A player who cancelled a seek starts a new seek by a call without a ticket. Raises Draining.
        """
        waited_s = self._tickets.waited_s(name, ticket)
        seek = _Seek(accepts, self._clock() - waited_s)
        if timeout_s <= 0 or self._lobby.match_of(name) is not None or self._lobby.draining is not None:
            return self._state_of(name, seek)
        if waited_s < PATIENT_S:
            timeout_s = min(timeout_s, PATIENT_S - waited_s)  # then the answer changes: it offers the house bot
        if not ticket:
            self._cancelled.pop(name, None)
        if name in self._cancelled:
            return self._state_of(name, seek)
        self._drop_abandoned([name])  # after a broken connection, only the ticket keeps the place
        later = self._long_polls.wait(name, seek, timeout_s)
        if name not in self._being_matched:
            self._seekers.add(Seeker(name, accepts, self._rating_of(name), seek.since))
            self._news = True
        return later

    def cancel(self, name: str) -> Effects[dict[str, object]]:
        """End a seek. Return its state.

        If a match is already being made, it is too late to cancel: then wait for the match and return its room.
        """
        self._seekers.drop(name)
        if name in self._being_matched:
            yield Await(self._waits_for_matches.wait(name, None, FOLLOW_WAIT_S * 5))
        self._remember_cancelled(name)
        self._long_polls.notify([name])
        return self._state_of(name, _Seek(SeekFilter(), self._clock()))

    def play_house_bot(
        self, name: str, request_id: str, accepts: SeekFilter, host: str = ""
    ) -> Effects[Mapping[str, object]]:
        """Return a match with the house bot, or the running match that the player is in.

        Raises Busy when the bot plays its most matches, LimitReached when it plays its most with people of that host.
        """
        own = self._lobby.match_of(name)
        if own is not None:
            return self._in_room(own)
        self._bot_matches.check_may_begin(host)
        digest = hashlib.sha256(f"{name}\n{request_id}".encode()).hexdigest()
        choices = narrowed(self._choices, [accepts]) or self._choices
        pairing = Pairing(f"{SYSTEM_REQUESTS}{digest[:32]}", (name, HOUSE_BOT), choices, (HOUSE_BOT,))
        (opened,) = yield from self._open([pairing])
        self._seekers.drop(name)
        if opened["room"]:
            self._bot_matches.add(opened["room"], host)
        self._long_polls.notify([name])  # answer the player's open seeks
        return self._in_room(opened["room"] or opened["taken"][name])

    @property
    def waiting(self) -> int:
        """How many players seek a match."""
        self._drop_abandoned(list(self._seekers))
        return len(self._seekers)

    # -- matching -------------------------------------------------------------------------------------------------

    def run(self) -> Effects[None]:
        """Match seekers. Never ends."""
        while True:
            groups = self._take_groups()
            if groups:
                yield from self._open_rooms(groups)
            if len(groups) < GROUPS_AT_ONCE:
                yield Sleep(TICK_S)

    def _take_groups(self) -> list[tuple[Seeker, ...]]:
        """Take seekers that are matched now and still have an open call. None during a drain."""
        if self._lobby.draining is not None:
            self._long_polls.notify(list(self._seekers))  # answer them: no match comes during a drain
            return []
        # answer players of matches that arrived late in this copy of the lobby
        self._long_polls.notify(self._lobby.in_matches(self._seekers))
        if not self._news:
            return []
        self._drop_abandoned(list(self._seekers))
        groups = self._seekers.groups(self._clock(), GROUPS_AT_ONCE)
        self._news = len(groups) == GROUPS_AT_ONCE  # there may be more
        self._being_matched.update(seeker.name for group in groups for seeker in group)
        return groups

    def _open_rooms(self, groups: Sequence[tuple[Seeker, ...]]) -> Effects[None]:
        """Open rooms for these groups. Repeat with the same request ids until there is an answer."""
        pairings = [
            Pairing(system_request(), (group[0].name, group[1].name), self._seekers.choices_of(group))
            for group in groups
        ]
        opened: Sequence[Mapping[str, Any]] = []
        while not opened:
            try:
                opened = yield from self._open(pairings)
                self.retries.succeeded()
            except NotReady as error:
                self.retries.failed(error)
                yield Sleep(RETRY_S)
            except TicTacToeError as error:
                self.retries.failed(error)
                opened = [{"room": None, "taken": {}} for _ in pairings]
                yield Sleep(REFUSED_RETRY_S)
        for group, one in zip(groups, opened, strict=True):
            names = [seeker.name for seeker in group]
            self._being_matched.difference_update(names)
            self._waits_for_matches.notify(names)
            if one["room"] is None:
                self._put_back(seeker for seeker in group if seeker.name not in one["taken"])
            self._long_polls.notify(name for name in names if one["room"] is not None or name in one["taken"])

    def _drop_abandoned(self, names: Iterable[str]) -> None:
        """Drop the seeks of these players that have no open call."""
        for name in names:
            if not self._long_polls.has_waiter(name):
                self._seekers.drop(name)

    def _put_back(self, seekers: Iterable[Seeker]) -> None:
        """Put seekers back that were not matched after all."""
        for seeker in seekers:
            if self._long_polls.has_waiter(seeker.name):
                self._seekers.add(seeker)
                self._news = True

    def _open(self, pairings: Sequence[Pairing]) -> Effects[Sequence[Mapping[str, Any]]]:
        answer = yield RemoteCall("open_matches", (pairings,))
        yield from self._lobby.wait_for(answer["revision"], FOLLOW_WAIT_S)
        opened: Sequence[Mapping[str, Any]] = answer["opened"]
        return opened

    # -- answers --------------------------------------------------------------------------------------------------

    def _state_of(self, name: str, seek: _Seek) -> dict[str, object]:
        """Return the state of a seek.

        The seek ends with this answer, unless another call of the player is open or follows.
        """
        room = self._lobby.match_of(name)
        self._drop_abandoned([name])
        cancelled = name in self._cancelled
        others = len(self._seekers)
        if room is not None:
            return self._in_room(room)
        if not cancelled:
            check_not_draining(self._lobby.draining is not None, "matches")
        waited_s = self._clock() - seek.since
        return {
            "room": None,
            "waiting": not cancelled,
            "ticket": "" if cancelled else self._tickets.issue(name, waited_s),
            "waited_s": waited_s,
            "others": others,
            "house_bot": waited_s >= PATIENT_S and self._bot_matches.may_begin(),
        }

    def _remember_cancelled(self, name: str) -> None:
        """Store the cancel, so that all open calls of that name end."""
        now = self._clock()
        self._cancelled.pop(name, None)
        self._cancelled[name] = now
        for old in [one for one, since in self._cancelled.items() if since < now - CANCELLED_S]:
            del self._cancelled[old]

    def _in_room(self, room: str) -> dict[str, object]:
        return {"room": room, "waiting": False, **self._where(room)}
