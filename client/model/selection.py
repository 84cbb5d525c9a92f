"""Choosing what to play: one's own draft, what is proposed, and what the panel shows of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from client.model.asking import Asking
from client.model.clocks import seconds_until
from client.model.words import called, clock, name_in, series
from client.room import RoomClient
from client.views import View
from game.rules import Seat, other
from game.selection import Proposal, Selection

Part = Literal["board", "best_of", "clock"]
TITLES: Mapping[Part, str] = {"board": "Board", "best_of": "Series", "clock": "Clock"}


class Option(NamedTuple):
    """A button of a row: ``chosen`` in one's own draft, ``theirs`` in what the opponent proposes."""

    text: str
    value: str | int
    chosen: bool
    theirs: bool


class Choice(NamedTuple):
    """A row of buttons."""

    part: Part
    options: tuple[Option, ...]


def board_name(board: str) -> str:
    """A board of the short list, as people write it."""
    return board.replace("x", "×")


def option_text(part: Part, value: str | int) -> str:
    """What a button says."""
    if part == "best_of":
        return series(int(value)).capitalize()
    return board_name(str(value)) if part == "board" else clock(str(value)).capitalize()


def proposal_text(what: Proposal) -> str:
    """A proposal in words: "3×3, best of 3, 3 min + 2 s"."""
    return f"{board_name(what.board)}, {series(what.best_of)}, {clock(what.clock)}"


class SelectionModel:
    """What one would play."""

    def __init__(self, room: RoomClient, asking: Asking) -> None:
        self._room = room
        self._asking = asking
        self._draft: dict[Part, str | int] = {}

    def choices(self, view: View) -> tuple[Choice, ...]:
        """The rows, with one's own draft and the opponent's proposal marked; empty when nothing is selected."""
        selection = view.selection
        if selection is None:
            return ()
        draft, theirs = self.draft(selection), self.theirs(view)
        rows: list[tuple[Part, tuple[str | int, ...]]] = [
            ("board", selection.choices.boards),
            ("best_of", selection.choices.best_ofs),
            ("clock", selection.choices.clocks),
        ]
        return tuple(
            Choice(
                part,
                tuple(
                    Option(
                        option_text(part, value),
                        value,
                        getattr(draft, part) == value,
                        theirs is not None and getattr(theirs, part) == value,
                    )
                    for value in values
                ),
            )
            for part, values in rows
        )

    def draft(self, selection: Selection) -> Proposal:
        """What one would propose now: what was chosen, and the first of each list for the rest."""
        choices = selection.choices
        return Proposal(
            str(self._draft.get("board", choices.boards[0])),
            int(self._draft.get("best_of", choices.best_ofs[0])),
            str(self._draft.get("clock", choices.clocks[0])),
        )

    def mine(self, view: View) -> Proposal | None:
        """What one proposes."""
        return self._proposed(view, view.seat_of(self._room.name))

    def theirs(self, view: View) -> Proposal | None:
        """What the opponent proposes."""
        seat = view.seat_of(self._room.name)
        return None if seat is None else self._proposed(view, other(seat))

    def news_of(self, view: View, at: int) -> str:
        """How it stands, in a line or two."""
        selection, seat = view.selection, view.seat_of(self._room.name)
        if selection is None:
            return ""
        told = []
        for whose, what in selection.proposals.items():
            who = "You propose" if whose == seat else f"{called(view, name_in(view, whose))} proposes"
            told.append(f"{who}: {proposal_text(what)}")
        left_s = seconds_until(selection.until, at)
        return "\n".join([*told, f"Without agreement lots are drawn in {left_s} s"])

    def can_propose(self, view: View) -> bool:
        """Whether there is something new to propose."""
        selection = view.selection
        if selection is None or view.seat_of(self._room.name) is None or self._asking.pending is not None:
            return False
        return self.mine(view) != self.draft(selection)

    def choose(self, part: Part, value: str | int) -> None:
        """Have that in the draft."""
        self._draft[part] = value

    def propose(self, view: View) -> None:
        """Propose the draft."""
        if view.selection is not None and self.can_propose(view):
            self._send(self.draft(view.selection))

    def agree(self, view: View) -> None:
        """Propose what the opponent does: then it is agreed."""
        theirs = self.theirs(view)
        if theirs is not None:
            self._draft = {"board": theirs.board, "best_of": theirs.best_of, "clock": theirs.clock}
            self._send(theirs)

    def _send(self, what: Proposal) -> None:
        self._asking.ask("propose", lambda request_id: self._room.propose(what, request_id=request_id))

    def _proposed(self, view: View, seat: Seat | None) -> Proposal | None:
        if view.selection is None or seat is None:
            return None
        return view.selection.proposals.get(seat)
