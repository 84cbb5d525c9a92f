"""The front door's side of matchmaking: keeps seeks in memory, and requests rooms for matched players.

A seek exists only while a call for it is open. A client that stops calling is not matched, and nothing needs cleanup
when a client dies. The match that results is in the log. After a restart, clients call again and keep their places in
the queue by their tickets. Calls and matching are in one class, because one lock guards the seeks of both.
"""

from __future__ import annotations

import hashlib
import threading
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
from server.rooms.pairing import MOST_AT_ONCE, Pairing
from server.runtime.retries import TAKEOVER_S, Retries
from wire.errors import NotReady
from wire.later import Later
from wire.waiting import about_to_wait

TICK_S = 0.05
"""Seekers that arrive within this time are matched by rating. No seeker waits longer for that."""
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
    """Matches seekers. Thread-safe."""

    def __init__(
        self,
        call_main: Callable[..., Any],
        lobby: LobbyFollower,
        where: Callable[[str], Mapping[str, object]],
        rating_of: Callable[[str], float],
        key: bytes,
        clock: Callable[[], float] = time.monotonic,
        *,
        bot_limits: BotLimits,
    ) -> None:
        """``call_main``: calls a method of the main server.

        ``where``: returns the address of a room. ``key``: signs tickets.
        """
        self._bot_matches = BotMatches(lobby, bot_limits)
        self._call_main = call_main
        self._lobby = lobby
        self._where = where
        self._rating_of = rating_of
        self._tickets = SeekTickets(key)
        self._clock = clock
        self._choices = short_list(DEFAULT_GAME)
        self.retries = Retries("rooms for matches not opened", log_after_s=TAKEOVER_S)
        # Guards ``_seekers``, ``_news``, ``_being_matched``, ``_cancelled``; notified when ``_being_matched`` shrank.
        self._changed = threading.Condition()
        self._seekers = Seekers(self._choices, players=PLAYERS_OF_A_MATCH)
        self._news = False  # whether a seeker was added since the last matching
        self._being_matched: set[str] = set()  # players for whom a room is being opened
        self._cancelled: dict[str, float] = {}  # name -> since when; the oldest first
        self._long_polls = LongPolls(self._state_of)

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
        with self._changed:
            if not ticket:
                self._cancelled.pop(name, None)
            if name not in self._cancelled:
                self._drop_abandoned([name])  # after a broken connection, only the ticket keeps the place
                later = self._long_polls.wait(name, seek, timeout_s)
                if name not in self._being_matched:
                    self._seekers.add(Seeker(name, accepts, self._rating_of(name), seek.since))
                    self._news = True
                return later
        return self._state_of(name, seek)

    def cancel(self, name: str) -> dict[str, object]:
        """End a seek. Return its state.

        If a match is already being made, it is too late to cancel: then wait for the match and return its room.
        """
        with self._changed:
            self._seekers.drop(name)
            if name in self._being_matched:
                about_to_wait()
                self._changed.wait_for(lambda: name not in self._being_matched, FOLLOW_WAIT_S * 5)
            self._remember_cancelled(name)
        self._long_polls.notify([name])
        return self._state_of(name, _Seek(SeekFilter(), self._clock()))

    def play_house_bot(self, name: str, request_id: str, accepts: SeekFilter, host: str = "") -> Mapping[str, object]:
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
        (opened,) = self._open([pairing])
        with self._changed:
            self._seekers.drop(name)
        if opened["room"]:
            self._bot_matches.add(opened["room"], host)
        self._long_polls.notify([name])  # answer the player's open seeks
        return self._in_room(opened["room"] or opened["taken"][name])

    @property
    def waiting(self) -> int:
        """How many players seek a match."""
        with self._changed:
            self._drop_abandoned(list(self._seekers))
            return len(self._seekers)

    # -- matching -------------------------------------------------------------------------------------------------

    def run(self, go_on: Callable[[], bool], pause: Callable[[float], None]) -> None:
        """Match seekers until ``go_on()`` is false."""
        while go_on():
            pause(TICK_S)
            groups = self._take_groups()
            while groups and go_on():
                self._open_rooms(groups[:MOST_AT_ONCE], go_on, pause)
                groups = groups[MOST_AT_ONCE:]

    def _take_groups(self) -> list[tuple[Seeker, ...]]:
        """Take the seekers that are matched now and still have an open call. None during a drain."""
        with self._changed:
            if self._lobby.draining is not None:
                self._long_polls.notify(list(self._seekers))  # answer them: no match comes during a drain
                return []
            # answer players of matches that arrived late in this copy of the lobby
            self._long_polls.notify(self._lobby.in_matches(self._seekers))
            if not self._news:
                return []
            self._news = False
            self._drop_abandoned(list(self._seekers))
            groups = self._seekers.groups(self._clock())
            self._being_matched.update(seeker.name for group in groups for seeker in group)
        return groups

    def _open_rooms(
        self, groups: Sequence[tuple[Seeker, ...]], go_on: Callable[[], bool], pause: Callable[[float], None]
    ) -> None:
        """Open rooms for these groups. Repeat with the same request ids until there is an answer."""
        pairings = [
            Pairing(system_request(), (group[0].name, group[1].name), self._seekers.choices_of(group))
            for group in groups
        ]
        opened: Sequence[Mapping[str, Any]] = []
        while go_on() and not opened:
            try:
                opened = self._open(pairings)
                self.retries.succeeded()
            except NotReady as error:
                self.retries.failed(error)
                pause(RETRY_S)
            except TicTacToeError as error:
                self.retries.failed(error)
                opened = [{"room": None, "taken": {}} for _ in pairings]
                pause(REFUSED_RETRY_S)
        with self._changed:
            for group, one in zip(groups, opened, strict=False):
                self._being_matched.difference_update(seeker.name for seeker in group)
                if one["room"] is None:
                    self._put_back(seeker for seeker in group if seeker.name not in one["taken"])
            self._changed.notify_all()
        self._long_polls.notify(
            seeker.name
            for group, one in zip(groups, opened, strict=False)
            for seeker in group
            if one["room"] is not None or seeker.name in one["taken"]
        )

    def _drop_abandoned(self, names: Iterable[str]) -> None:
        """Drop the seeks of these players that have no open call. The caller holds ``_changed``."""
        for name in names:
            if not self._long_polls.has_waiter(name):
                self._seekers.drop(name)

    def _put_back(self, seekers: Iterable[Seeker]) -> None:
        """Put seekers back that were not matched after all. The caller holds ``_changed``."""
        for seeker in seekers:
            if self._long_polls.has_waiter(seeker.name):
                self._seekers.add(seeker)
                self._news = True

    def _open(self, pairings: Sequence[Pairing]) -> Sequence[Mapping[str, Any]]:
        answer = self._call_main("open_matches", pairings)
        self._lobby.wait_for(answer["revision"], FOLLOW_WAIT_S)
        opened: Sequence[Mapping[str, Any]] = answer["opened"]
        return opened

    # -- answers --------------------------------------------------------------------------------------------------

    def _state_of(self, name: str, seek: _Seek) -> dict[str, object]:
        """Return the state of a seek.

        The seek ends with this answer, unless another call of the player is open or follows.
        """
        room = self._lobby.match_of(name)
        with self._changed:
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
        """Store the cancel, so that all open calls of that name end. The caller holds ``_changed``."""
        now = self._clock()
        self._cancelled.pop(name, None)
        self._cancelled[name] = now
        for old in [one for one, since in self._cancelled.items() if since < now - CANCELLED_S]:
            del self._cancelled[old]

    def _in_room(self, room: str) -> dict[str, object]:
        return {"room": room, "waiting": False, **self._where(room)}
