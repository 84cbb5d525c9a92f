"""Opens rooms for matched players, when the front door requests it.

No player gets into two matches. If a player of a pairing is in a running match, no room is opened. The answer then has
the room of that match.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from server.log.room_stream import room_stream
from server.rooms.ids import HOUSE_BOT
from server.rooms.pairing import Opened, Pairing, opening_of
from server.rooms.room_store import RoomStore
from server.runtime.effects import Await, Effects, Submit, SubmitAll
from wire.errors import Busy
from wire.later import Later


class MatchOpener:
    """Opens rooms for matches."""

    def __init__(
        self,
        store: RoomStore,
        *,
        check_new_room: Callable[[str, int], object],
        seat_house_bot: Callable[[], Effects[Any]],
        expect_players: Callable[[str, Sequence[str]], None],
    ) -> None:
        """``check_new_room``: raises Busy when no further room is allowed; gets the room, and how many others are about
        to be opened.

        ``seat_house_bot``: makes sure that the house bot has its username.

        ``expect_players``: gets a room and its future players.
        """
        self._store = store
        self._check_new_room = check_new_room
        self._seat_house_bot = seat_house_bot
        self._expect_players = expect_players
        self._opening: Later | None = None  # settled at the end of the present call

    def open(self, wanted: Sequence[Pairing]) -> Effects[list[Opened]]:
        """Open a room for each pairing. The same request id gets the same room again.

        No person may be in two of the pairings. Raises Busy if some of the rooms cannot be opened; the others are open
        then, and a retry gets them.
        """
        while self._opening is not None:  # one call at a time: the next must see the matches of the one before
            yield Await(self._opening)
        opening = self._opening = Later()
        try:
            openings = [opening_of(pairing, self._store.index.match_of) for pairing in wanted]
            commands: list[Submit] = []
            busy: Busy | None = None
            for pairing, (opened, match) in zip(wanted, openings, strict=True):
                if opened.room is None or match is None:
                    continue
                try:
                    self._check_new_room(opened.room, len(commands))
                except Busy as error:
                    busy = error
                    break
                if HOUSE_BOT in pairing.bots:
                    yield from self._seat_house_bot()
                self._expect_players(opened.room, pairing.players)
                commands.append(Submit(room_stream(opened.room), match))
            yield SubmitAll(commands)
            if busy is not None:
                raise busy
        finally:
            self._opening = None
            opening.answer(None)
        return [opened for opened, _ in openings]
