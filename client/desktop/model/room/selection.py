"""Choosing what to play. What looks chosen is what the servers have as one's own proposal, at every instant.

A choice is proposed at once, with the rest as it was proposed before, or else as the first of each row. There is one
exception: ``agree`` alone proposes what the opponent does, since the match begins with it. A choice that leads there
waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from client.desktop.model.base.pending_command import PendingCommand
from client.desktop.model.base.words import called, clock, name_in, series
from client.desktop.model.room.clocks import seconds_until
from client.room import RoomClient
from client.views import View
from game.games.selection import Proposal, Selection
from game.rules import Seat, other

Part = Literal["board", "best_of", "clock"]
TITLES: Mapping[Part, str] = {"board": "Board", "best_of": "Series", "clock": "Clock"}


class Option(NamedTuple):
    """A button of a row: ``chosen`` in one's own proposal, ``theirs`` in what the opponent proposes."""

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

    def __init__(self, room: RoomClient, asking: PendingCommand) -> None:
        self._room = room
        self._asking = asking
        self._view: View | None = None
        self._wanted: Proposal | None = None
        """What was chosen and is not proposed yet: it is on its way, or it waits for ``agree``."""

    def look_at(self, view: View) -> None:
        """The room is like that now."""
        self._view = view
        if view.selection is None:
            self._wanted = None
        self._send()

    # -- what is to be seen -----------------------------------------------------------------------------------------

    def choices(self, view: View) -> tuple[Choice, ...]:
        """The rows, with one's own proposal and the opponent's marked; empty when nothing is selected."""
        selection = view.selection
        if selection is None:
            return ()
        mine, theirs = self.mine(view), self.theirs(view)
        rows: list[tuple[Part, tuple[str | int, ...]]] = [
            ("board", selection.choices.boards),
            ("best_of", selection.choices.best_ofs),
            ("clock", selection.choices.clocks),
        ]
        return tuple(
            Choice(
                part,
                tuple(
                    Option(option_text(part, value), value, _has(mine, part, value), _has(theirs, part, value))
                    for value in values
                ),
            )
            for part, values in rows
        )

    def mine(self, view: View) -> Proposal | None:
        """What one proposes."""
        return _proposed(view, view.seat_of(self._room.name))

    def theirs(self, view: View) -> Proposal | None:
        """What the opponent proposes."""
        seat = view.seat_of(self._room.name)
        return None if seat is None else _proposed(view, other(seat))

    def can_agree(self, view: View) -> bool:
        """Whether the opponent proposes something that one does not."""
        theirs = self.theirs(view)
        return theirs is not None and theirs != self.mine(view)

    def news_of(self, view: View, at: int) -> str:
        """How it stands, a line each."""
        selection, seat = view.selection, view.seat_of(self._room.name)
        if selection is None:
            return ""
        told = []
        for whose, what in selection.proposals.items():
            who = "You propose" if whose == seat else f"{called(view, name_in(view, whose))} proposes"
            told.append(f"{who}: {proposal_text(what)}")
        left_s = seconds_until(selection.until, at)
        return "\n".join([*told, *self._advice(view, seat), f"Without agreement lots are drawn in {left_s} s"])

    # -- what can be done -------------------------------------------------------------------------------------------

    def choose(self, part: Part, value: str | int) -> None:
        """Propose that."""
        view = self._view
        if view is None or view.selection is None or view.seat_of(self._room.name) is None:
            return
        before = self._wanted or self.mine(view) or _first(view.selection)
        self._wanted = Proposal(
            str(value) if part == "board" else before.board,
            int(value) if part == "best_of" else before.best_of,
            str(value) if part == "clock" else before.clock,
        )
        self._send()

    def agree(self) -> None:
        """Propose what the opponent does: then it is agreed."""
        theirs = None if self._view is None else self.theirs(self._view)
        if theirs is not None:
            self._wanted = theirs
            self._send(agrees=True)

    # -- inside -----------------------------------------------------------------------------------------------------

    def _advice(self, view: View, seat: Seat | None) -> list[str]:
        if seat is None:
            return []
        if self._wanted is not None and self._wanted == self.theirs(view):
            return [
                f"That is what {called(view, name_in(view, other(seat)))} proposes: agree, or choose something else"
            ]
        if self.mine(view) is None:
            return ["What you choose is proposed at once"]
        return []

    def _send(self, *, agrees: bool = False) -> None:
        """Propose what is wanted, unless it is proposed already, another command is under way, or it would agree."""
        view, wanted = self._view, self._wanted
        if view is None or wanted is None or self._asking.pending is not None:
            return
        if wanted == self.mine(view):
            self._wanted = None
        elif agrees or wanted != self.theirs(view):

            def no_longer_wanted() -> None:
                if self._wanted == wanted:  # else something else was chosen meanwhile
                    self._wanted = None
                self._send()

            self._asking.ask(
                "propose",
                lambda request_id: self._room.propose(wanted, request_id=request_id),
                on_answer=no_longer_wanted,
                on_refusal=no_longer_wanted,
            )


def _first(selection: Selection) -> Proposal:
    boards, best_ofs, clocks = selection.choices
    return Proposal(boards[0], best_ofs[0], clocks[0])


def _has(proposal: Proposal | None, part: Part, value: str | int) -> bool:
    return proposal is not None and getattr(proposal, part) == value


def _proposed(view: View, seat: Seat | None) -> Proposal | None:
    if view.selection is None or seat is None:
        return None
    return view.selection.proposals.get(seat)
