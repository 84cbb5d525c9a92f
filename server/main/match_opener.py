"""Rooms for people who were matched: the main server's side of matchmaking, which the front door asks for.

Nobody gets into two matches: who is in one that goes on is told its room, and the others of the group nothing new.
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
    """Opens rooms for matches. Safe for threads."""

    def __init__(
        self,
        house: RoomStore,
        committer: CommandPort,
        *,
        check_new_room: Callable[[str], object],
        seat_house_bot: Callable[[], object],
        expect: Callable[[str, Sequence[str]], None],
    ) -> None:
        """``check_new_room`` raises when there is no place for one room more; ``seat_house_bot`` sees to it that the
        house bot has its name; ``expect`` is told who is going to come into which room.
        """
        self._house = house
        self._committer = committer
        self._check_new_room = check_new_room
        self._seat_house_bot = seat_house_bot
        self._expect = expect
        self._one_at_a_time = threading.Lock()

    def open(self, wanted: Sequence[Pairing]) -> list[Opened]:
        """Open a room for each; whoever asks again with the same request finds the same rooms. No name is in two.

        Raises Busy.
        """
        # Held while the log is waited for: who is matched next must see who is in a match by then.
        with self._one_at_a_time:
            made = [self._begin(pairing) for pairing in wanted]
            for _, answer in made:
                now(answer)
        return [opened for opened, _ in made]

    def _begin(self, pairing: Pairing) -> tuple[Opened, Mapping[str, object] | Later | None]:
        opened, match = opening_of(pairing, self._house.match_of)
        if opened.room is None or match is None:
            return opened, None
        self._check_new_room(opened.room)
        if HOUSE_BOT in pairing.bots:
            self._seat_house_bot()
        self._expect(opened.room, pairing.players)
        return opened, self._committer.submit(room_stream(opened.room), match)
