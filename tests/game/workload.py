"""A random workload: six people and the servers do anything in any order while time passes. No test lives here.

Every second step goes on with what is on: a proposal, a move, a rematch; so that games and series come to their end.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from hypothesis import strategies as st

from game.context import Context
from game.errors import Refusal
from game.forms.snapshot_codec import encode
from game.match.offers import OFFER_KINDS
from game.match.selection import Choices
from game.rooms import commands as c
from game.rooms.commands import SYSTEM, SYSTEM_REQUESTS, Command
from game.rooms.events import Event
from game.rooms.remembered_requests import CommandAnswer
from game.rooms.state import Room, answer_now, nothing
from game.rules import SEATS
from tests.game.playing import decided, evolved

NAMES = ("ann", "bob", "cleo", "dan", "eve", "fay")
CODE = "c0ffee"
_CHOICES = Choices(("3x3", "5x5"), (1, 3), ("none", "10s"))
_ONLY = Choices(("3x3",), (3,), ("1+1",))


class Step(NamedTuple):
    """Who does what, with what, how many ms after the step before; also a clock that went back."""

    pause_ms: int
    by: str
    what: str
    value: Any


OPENINGS: tuple[Command, ...] = (
    c.Create("ann", "create", "A table", "tictactoe", {}),
    c.Create("ann", "create", "A table", "tictactoe", {}, 3, "10s"),
    c.Create("ann", "create", "A table", "tictactoe", {}, 1, "1+1", CODE),
    c.Match(SYSTEM, "house-match", "tictactoe", ("cleo", "ann"), _CHOICES, True),
    c.Match(SYSTEM, "house-match", "tictactoe", ("cleo", "ann"), _ONLY, True, ("ann",)),
)
_PLAYERS = [Step(0, "cleo", "join", "player"), Step(0, "ann", "join", "player")]
_BEGINNINGS: list[list[Step]] = [
    [],
    _PLAYERS,
    [*_PLAYERS, Step(0, "ann", "leave", 0)],
    [Step(0, name, "join", "player") for name in NAMES],
    _PLAYERS + [Step(0, "", "go on", choice) for choice in (0, 0, 0, 1, 0, 0, 1, 0)],  # a draw but for its last move
]
_NO_MOVES = (-1, 9, True, 4.0, "4", None, [4], b"4")
_PAUSES_MS = (0, 0, 0, 0, 0, 10, 700, 700, -2000, 4000, 6000, 16_000, 70_000)
_DOINGS: list[tuple[str, str, Any]] = [
    *([("", "go on", choice) for choice in range(9)] * 10),
    *((name, "join", role) for name in NAMES for role in ("player", "spectator")),
    *((name, "move", move) for name in NAMES for move in (*range(9), *_NO_MOVES)),
    *((name, what, 0) for name in NAMES for what in ("leave", "leave", "rematch", "create", "resign", "say")),
    *((name, what, matter) for name in NAMES[:3] for what in ("offer", "accept", "decline") for matter in OFFER_KINDS),
    *[("", "answer", choice) for choice in range(9)] * 6,
    *((name, "decline", "rematch") for name in NAMES[:3]),
    *((name, "claim", result) for name in NAMES[:3] for result in ("win", "draw")),
    *((name, "propose", choice) for name in NAMES[:3] for choice in range(4)),
    *(("ann", "lock", on) for on in (True, False)),
    *(("ann", "remove", name) for name in NAMES),
    *((name, "unseen", unseen_ms) for name in NAMES for unseen_ms in (5000, 70_000)),
    *[("", "due", None)] * 8,
]


def _steps_of(drawn: bytes) -> list[Step]:
    """Three bytes a step: bytes are drawn evenly, while from a list this long Hypothesis would rather draw what is
    at its beginning.
    """
    return [
        Step(_PAUSES_MS[pause % len(_PAUSES_MS)], *_DOINGS[(256 * high + low) % len(_DOINGS)])
        for high, low, pause in zip(drawn[::3], drawn[1::3], drawn[2::3], strict=False)
    ]


STEPS = st.builds(
    list.__add__, st.sampled_from(_BEGINNINGS), st.binary(min_size=3 * 15, max_size=3 * 60).map(_steps_of)
)
AND_THEN = st.sampled_from([[], [Step(0, "ann", "close", None)], [Step(0, SYSTEM, "close", None), *_PLAYERS]])


def command_of(room: Room, step: Step, number: int) -> Command:
    """The command of a step; "go on" does what is missing, "answer" accepts or declines what stands."""
    request_id, value = f"request-{number}", step.value
    if step.what in ("go on", "answer"):
        return (_going_on if step.what == "go on" else _answering)(room, request_id, value)
    if step.what == "unseen":
        return c.Leave(step.by, f"{SYSTEM_REQUESTS}{number}", value)
    if step.what == "due":
        return c.Due(SYSTEM, f"{SYSTEM_REQUESTS}{number}")
    if step.what == "join":
        return c.Join(step.by, request_id, value, "" if step.by == "fay" else CODE)
    if step.what == "create":
        return c.Create(step.by, request_id, "Another", "tictactoe", {})
    if step.what == "propose":
        return c.Propose(step.by, request_id, _proposal(room, value))
    if step.what == "say":
        return c.Say(step.by, request_id, f"line {number}")
    if step.what in ("resign", "rematch", "close", "leave"):
        return {"resign": c.Resign, "rematch": c.Rematch, "close": c.Close, "leave": c.Leave}[step.what](
            step.by, request_id
        )
    with_value = {"move": c.Move, "offer": c.Offer, "accept": c.Accept, "decline": c.Decline, "claim": c.ClaimGame}
    return {**with_value, "lock": c.Lock, "remove": c.Remove}[step.what](step.by, request_id, value)


def _going_on(room: Room, request_id: str, choice: int) -> Command:
    if room.selection is not None:
        missing = [seat for seat in SEATS if seat not in room.selection.proposals] or SEATS
        return c.Propose(room.seats[missing[0]] or "", request_id, _proposal(room, choice % 4))
    if room.phase == "finished":
        missing = next(seat for seat in SEATS if seat not in room.rematch)
        return c.Rematch(room.seats[missing] or "", request_id)
    seat = room.rules.to_move(room.position) or "X"
    free = [cell for cell, stone in enumerate(room.position.cells) if stone == "."]
    return c.Move(room.seats[seat] or "ann", request_id, free[choice % len(free)] if free else 0)


def _answering(room: Room, request_id: str, choice: int) -> Command:
    """Mostly a yes. Without an offer to answer one is made, or the game of somebody who is away is claimed."""
    if room.rematch:
        return c.Decline(room.players[choice % 2], request_id, "rematch")
    here = [name for name in room.players if name not in room.away]
    if len(room.players) == 2 and len(here) == 1 and choice % 3 == 0:
        return c.ClaimGame(here[0], request_id, "win" if choice else "draw")
    if not room.offers.pending:
        return c.Offer((room.players or NAMES)[choice % max(1, len(room.players))], request_id, OFFER_KINDS[choice % 3])
    seat, what = room.offers.pending[choice % len(room.offers.pending)]
    by = next(name for name in room.players if name != room.seats[seat])
    return (c.Decline if choice % 3 == 2 else c.Accept)(by, request_id, what)


def _proposal(room: Room, choice: int) -> object:
    choices = _CHOICES if room.selection is None else room.selection.choices
    return {
        "board": choices.boards[0],
        "best_of": choices.best_ofs[choice // 2 % len(choices.best_ofs)],
        "clock": choices.clocks[choice % len(choices.clocks)],
    }


class Play:
    """A room that people use, and what was seen of it from outside."""

    def __init__(self, opening: Command) -> None:
        self.room = nothing("abcd")
        self.now = Context()
        self.events: list[Event] = []
        self.seen: list[Room] = [self.room]
        """The room at every version."""
        self.answers: dict[str, list[tuple[str, CommandAnswer]]] = defaultdict(list)
        self.carry_out(opening)

    def carry_out(self, command: Command) -> tuple[Event, ...] | None:
        """The events of the command, or None if it was refused."""
        try:
            events = decided(self.room, command, self.now)
        except Refusal:
            return None
        for event in events:
            self.seen.append(evolved(self.seen[-1], [event]))
        self.room = self.seen[-1]
        self.events += events
        if events:
            self.answers[command.by].append((command.request_id, answer_now(self.room, command.by)))
        return events

    def command(self, number: int, step: Step) -> Command:
        """Let time pass; the command of the step then."""
        chance = (number * 0x9E3779B97F4A7C15) >> 3 & (1 << 63) - 1
        self.now = Context(max(0, self.now.at + step.pause_ms), chance, number)
        return command_of(self.room, step, number)


def plays(opening: Command, steps: Sequence[Step]) -> Play:
    """What comes of the steps, one after the other."""
    play = Play(opening)
    for number, step in enumerate(steps):
        play.carry_out(play.command(number, step))
    return play


def whole(room: Room) -> str:
    """All of a room as text, the order of what it remembers included."""
    return json.dumps(encode(room))
