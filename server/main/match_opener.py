"""Opens rooms for matched players, when the front door requests it.

No player gets into two matches. If a player of a pairing is in a running match, no room is opened. The answer then has
the room of that match.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from server.commit.command_port import CommandPort
from server.log.room_stream import room_stream
from server.rooms.ids import HOUSE_BOT
from server.rooms.pairing import Opened, Pairing, opening_of
from server.rooms.room_store import RoomStore
from wire.later import Later, now


class MatchOpener:
    """Opens rooms for matches. Thread-safe."""

    def __init__(
        self,
        store: RoomStore,
        committer: CommandPort,
        *,
        check_new_room: Callable[[str], object],
        seat_house_bot: Callable[[], object],
        expect_players: Callable[[str, Sequence[str]], None],
    ) -> None:
        """``check_new_room``: raises when no further room is allowed.

        ``seat_house_bot``: makes sure that the house bot has its username.

        ``expect_players``: gets a room and its future players.
        """
        self._store = store
        self._committer = committer
        self._check_new_room = check_new_room
        self._seat_house_bot = seat_house_bot
        self._expect_players = expect_players
        self._one_at_a_time = threading.Lock()

    def open(self, wanted: Sequence[Pairing]) -> list[Opened]:
        """Open a room for each pairing. The same request id gets the same room again.

        No person may be in two of the pairings. Raises Busy.
        """
        # Held until the commits are done: the next call must see these matches.
        with self._one_at_a_time:
            made = [self._begin(pairing) for pairing in wanted]
            for _, answer in made:
                now(answer)
        return [opened for opened, _ in made]

    def _begin(self, pairing: Pairing) -> tuple[Opened, Mapping[str, object] | Later | None]:
        opened, match = opening_of(pairing, self._store.match_of)
        if opened.room is None or match is None:
            return opened, None
        self._check_new_room(opened.room)
        if HOUSE_BOT in pairing.bots:
            self._seat_house_bot()
        self._expect_players(opened.room, pairing.players)
        return opened, self._committer.submit(room_stream(opened.room), match)
