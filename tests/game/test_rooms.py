"""What holds in every room, whatever six people do in any order: properties over random sequences of commands.

Every second step goes on with the game, so that games come to their end and rematches begin; the last test sees to it.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playing import MOST_PEOPLE, UNTIMED, decided, evolved

from game import rooms
from game.commands import HOUSE, Close, Command, Create, Join, Leave, Move, Rematch, Resign
from game.errors import Refusal
from game.events import Event, Moved, Seated, Started
from game.requests import REMEMBERED_REQUESTS
from game.rooms import Answer, Room
from game.rules import SEATS, Seat

NAMES = ("ann", "bob", "cleo", "dan", "eve", "fay")
Step = tuple[str, str, Any]
"""Who does what, with what."""

_PLAYERS: list[Step] = [("cleo", "join", "player"), ("ann", "join", "player")]
_BEGINNINGS: list[list[Step]] = [
    [],
    _PLAYERS,
    [*_PLAYERS, ("ann", "leave", None)],
    [(name, "join", "player") for name in NAMES],
    _PLAYERS + [("", "go on", choice) for choice in (0, 0, 0, 1, 0, 0, 1, 0)],  # a draw but for its last move
]
_NO_MOVES = (-1, 9, True, 4.0, "4", None, [4], b"4")
_STEPS: list[Step] = [
    *([("", "go on", choice) for choice in range(9)] * 12),
    *((name, "join", role) for name in NAMES for role in ("player", "spectator")),
    *((name, "move", move) for name in NAMES for move in (*range(9), *_NO_MOVES)),
    *((name, what, None) for name in NAMES for what in ("leave", "leave", "rematch", "create", "resign")),
]
STEPS = st.builds(
    list.__add__, st.sampled_from(_BEGINNINGS), st.lists(st.sampled_from(_STEPS), min_size=15, max_size=60)
)
AND_THEN = st.sampled_from([[], [("ann", "close", None)], [(HOUSE, "close", None), ("bob", "leave", None)]])


def command_of(room: Room, step: Step, request_id: str) -> Command:
    """The command of a step; "go on" is a legal move in a game, after it the wish for another that is missing."""
    by, what, value = step
    if what == "go on":
        if room.phase == "finished":
            missing = next(seat for seat in SEATS if seat not in room.rematch)
            return Rematch(room.seats[missing] or "", request_id)
        seat: Seat = room.rules.to_move(room.position) or "X"
        free = [cell for cell, stone in enumerate(room.position.cells) if stone == "."]
        return Move(room.seats[seat] or "ann", request_id, free[value % len(free)])
    if what == "join":
        return Join(by, request_id, value)
    if what == "move":
        return Move(by, request_id, value)
    if what == "create":
        return Create(by, request_id, "Another", "tictactoe", {})
    return {"leave": Leave, "resign": Resign, "rematch": Rematch, "close": Close}[what](by, request_id)


class Play:
    """A room that people use, and what was seen of it from outside."""

    def __init__(self) -> None:
        self.room = rooms.nothing("abcd")
        self.events: list[Event] = []
        self.answers: dict[str, list[tuple[str, Answer]]] = defaultdict(list)
        self.carry_out(Create("ann", "create", "A table", "tictactoe", {}))

    def carry_out(self, command: Command) -> tuple[Event, ...] | None:
        """The events of the command, or None if it was refused."""
        try:
            events = decided(self.room, command)
        except Refusal:
            return None
        self.room = evolved(self.room, events)
        self.events += events
        if events:
            self.answers[command.by].append((command.request_id, rooms.answer_now(self.room, command.by)))
        return events


def plays(steps: Sequence[Step]) -> Play:
    """What comes of the steps, one after the other."""
    play = Play()
    for number, step in enumerate(steps):
        play.carry_out(command_of(play.room, step, f"request-{number}"))
    return play


def whole(room: Room) -> str:
    """All of a room as text, the order of what it remembers included."""
    return json.dumps(rooms.encode(room))


@UNTIMED
@given(STEPS, AND_THEN)
def test_every_event_has_the_next_version_and_names_who_caused_it(steps: list[Step], end: list[Step]) -> None:
    play = Play()
    for number, step in enumerate(steps + end):
        command = command_of(play.room, step, f"request-{number}")
        before = play.room.version
        events = play.carry_out(command) or ()
        assert play.room.version == before + len(events)
        assert {(event.by, event.request_id) for event in events} <= {(command.by, command.request_id)}
    room = rooms.nothing("abcd")
    for version, event in enumerate(play.events, start=1):
        room = rooms.evolve(room, event)
        assert room.version == version


@UNTIMED
@given(STEPS, AND_THEN)
def test_a_refused_command_and_one_that_changes_nothing_leave_the_room_as_it_was(
    steps: list[Step], end: list[Step]
) -> None:
    play = Play()
    for number, step in enumerate(steps + end):
        before, room = whole(play.room), play.room
        if not play.carry_out(command_of(room, step, f"request-{number}")):
            assert play.room is room
        assert whole(room) == before


@UNTIMED
@given(STEPS)
def test_nobody_is_in_a_room_twice_and_there_are_never_too_many(steps: list[Step]) -> None:
    room = rooms.nothing("abcd")
    for event in plays(steps).events:
        room = rooms.evolve(room, event)
        everybody = [*room.players, *room.spectators]
        assert len(room.players) <= 2
        assert len(everybody) <= MOST_PEOPLE
        assert len(everybody) == len(set(everybody))
        assert set(room.away) <= set(room.players)


@UNTIMED
@given(STEPS)
def test_only_the_owner_of_the_seat_to_move_moves_and_only_while_a_game_is_running(steps: list[Step]) -> None:
    room = rooms.nothing("abcd")
    for event in plays(steps).events:
        if isinstance(event, Moved):
            assert room.phase == "playing"
            assert room.rules.to_move(room.position) == event.seat
            assert room.seats[event.seat] == event.by
        room = rooms.evolve(room, event)


@UNTIMED
@given(STEPS)
def test_a_finished_game_takes_no_move_of_anybody(steps: list[Step]) -> None:
    play = Play()
    for number, step in enumerate(steps):
        play.carry_out(command_of(play.room, step, f"request-{number}"))
        if play.room.phase == "finished":
            for name in NAMES:
                for cell in range(9):
                    with pytest.raises(Refusal):
                        decided(play.room, Move(name, "late", cell))


@UNTIMED
@given(STEPS, AND_THEN)
def test_seats_keep_their_owners_but_for_the_swap_of_a_rematch(steps: list[Step], end: list[Step]) -> None:
    room = rooms.nothing("abcd")
    for event in plays(steps + end).events:
        before = dict(room.seats)
        room = rooms.evolve(room, event)
        if isinstance(event, Seated):
            assert before[event.seat] is None
            assert room.seats == {**before, event.seat: event.by}
        elif isinstance(event, Started) and event.number > 1:
            assert room.seats == {"X": before["O"], "O": before["X"]}
        else:
            assert room.seats == before


@UNTIMED
@given(STEPS)
def test_x_begins_every_game_and_moves_alternate(steps: list[Step]) -> None:
    room = rooms.nothing("abcd")
    for event in plays(steps).events:
        room = rooms.evolve(room, event)
        assert [seat for seat, _ in room.moves] == [SEATS[number % 2] for number in range(len(room.moves))]


@UNTIMED
@given(STEPS, AND_THEN)
def test_wins_and_draws_are_as_many_as_games_that_finished(steps: list[Step], end: list[Step]) -> None:
    room = plays(steps + end).room
    finished = room.game_number - (room.outcome is None and room.game_number > 0)
    assert sum(room.wins.values()) + room.draws == finished


@UNTIMED
@given(STEPS, AND_THEN)
def test_a_room_is_its_events(steps: list[Step], end: list[Step]) -> None:
    play = plays(steps + end)
    again = evolved(rooms.nothing("abcd"), play.events)
    assert again == play.room
    assert whole(again) == whole(play.room)


@UNTIMED
@given(STEPS, AND_THEN)
def test_events_and_the_rooms_they_make_survive_the_disk(steps: list[Step], end: list[Step]) -> None:
    room = rooms.nothing("abcd")
    for event in plays(steps + end).events:
        assert rooms.from_plain(json.loads(json.dumps(rooms.to_plain(event)))) == event
        room = rooms.evolve(room, event)
        back = rooms.decode(json.loads(whole(room)))
        assert back == room
        assert whole(back) == whole(room)


@settings(UNTIMED, max_examples=60)
@given(STEPS, AND_THEN)
def test_a_room_from_a_snapshot_goes_on_as_the_room_itself(steps: list[Step], end: list[Step]) -> None:
    play = plays(steps + end)
    for at in range(0, len(play.events), 5):
        room = rooms.decode(rooms.encode(evolved(rooms.nothing("abcd"), play.events[:at])))
        assert whole(evolved(room, play.events[at:])) == whole(play.room)


@UNTIMED
@given(STEPS, AND_THEN)
def test_a_retry_of_every_remembered_command_gets_its_first_answer(steps: list[Step], end: list[Step]) -> None:
    play = plays(steps + end)
    for name, answers in play.answers.items():
        for request_id, answer in answers[-REMEMBERED_REQUESTS:]:
            assert rooms.answer_to(play.room, name, request_id) == answer
        for request_id, _ in answers[:-REMEMBERED_REQUESTS]:
            assert rooms.answer_to(play.room, name, request_id) is None


@UNTIMED
@given(STEPS, AND_THEN)
def test_views_and_rows_are_plain_and_say_nothing_of_requests(steps: list[Step], end: list[Step]) -> None:
    room = plays(steps + end).room
    for shown in (rooms.view(room), rooms.summary(room)):
        text = json.dumps(shown)
        assert json.loads(text) == shown
        assert "request-" not in text


def test_such_sequences_reach_all_there_is_to_see() -> None:
    """The properties above are worth something only where games end, rooms fill up and people come back."""
    seen: Counter[str] = Counter()

    @settings(UNTIMED, max_examples=300, database=None, derandomize=True)
    @given(STEPS, AND_THEN)
    def look(steps: list[Step], end: list[Step]) -> None:
        play = plays(steps + end)
        seen.update({event.kind for event in play.events})
        seen["rematch"] += play.room.game_number > 1
        seen["draw"] += play.room.draws > 0
        seen["full"] += len(play.room.players) + len(play.room.spectators) == MOST_PEOPLE
        seen["forgotten"] += any(len(answers) > REMEMBERED_REQUESTS for answers in play.answers.values())

    look()
    kinds = {kind.kind for kind in get_args(Event)}
    assert {what for what, times in seen.items() if times} >= kinds | {"rematch", "draw", "full", "forgotten"}
