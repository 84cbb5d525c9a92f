"""Choose what to play. A choice looks chosen only if it is in the user's proposal on the servers.

A choice is proposed at once. The other parts come from the previous proposal, otherwise each is the first of its row.
The exception: only ``agree`` makes the user's proposal equal to the opponent's, because then the match begins. So a
choice that would make them equal waits.
"""

from __future__ import annotations

from typing import NamedTuple

from client.desktop.model.base.pending_command import PendingCommand
from client.desktop.model.room.clocks import seconds_until
from client.room import RoomClient
from client.texts import room as texts
from client.texts.games import Part, called, name_in, proposal
from game.forms.room_view import View
from game.match.selection import Proposal, Selection
from game.rules import Seat, other


class Option(NamedTuple):
    """A button of a part. ``chosen``: it is in the user's proposal. ``theirs``: it is in the opponent's proposal."""

    part: Part
    value: str | int
    chosen: bool
    theirs: bool


class SelectionModel:
    """The user's proposal for a match."""

    def __init__(self, room: RoomClient, command: PendingCommand) -> None:
        self._room = room
        self._command = command
        self._view: View | None = None
        self._wanted: Proposal | None = None
        """What was chosen and is not proposed yet: it is being sent, or it waits for ``agree``."""

    def update(self, view: View) -> None:
        """Take in the room's current view."""
        self._view = view
        if view.selection is None:
            self._wanted = None
        self._send()

    # -- state to show ------------------------------------------------------------------------------------------------

    def options(self, view: View) -> tuple[Option, ...]:
        """Return the buttons, part by part, with both proposals marked; empty when no selection is in progress."""
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
            Option(part, value, _has(mine, part, value), _has(theirs, part, value))
            for part, values in rows
            for value in values
        )

    def mine(self, view: View) -> Proposal | None:
        """Return the user's proposal."""
        return _proposed(view, view.seat_of(self._room.name))

    def theirs(self, view: View) -> Proposal | None:
        """Return the opponent's proposal."""
        seat = view.seat_of(self._room.name)
        return None if seat is None else _proposed(view, other(seat))

    def can_agree(self, view: View) -> bool:
        """Return whether the opponent's proposal differs from the user's."""
        theirs = self.theirs(view)
        return theirs is not None and theirs != self.mine(view)

    def status(self, view: View, at: int) -> str:
        """Return the state of the selection, in lines."""
        selection, seat = view.selection, view.seat_of(self._room.name)
        if selection is None:
            return ""
        lines = [
            texts.proposes("" if proposer == seat else called(view, name_in(view, proposer)), proposal(what))
            for proposer, what in selection.proposals.items()
        ]
        lines += self._advice(view, seat)
        return "\n".join([*lines, texts.random_in(seconds_until(selection.until, at))])

    # -- actions ------------------------------------------------------------------------------------------------------

    def choose(self, part: Part, value: str | int) -> None:
        """Propose that value."""
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
        """Propose what the opponent proposes. Then the match begins."""
        theirs = None if self._view is None else self.theirs(self._view)
        if theirs is not None:
            self._wanted = theirs
            self._send(agrees=True)

    # -- internals ----------------------------------------------------------------------------------------------------

    def _advice(self, view: View, seat: Seat | None) -> list[str]:
        if seat is None:
            return []
        if self._wanted is not None and self._wanted == self.theirs(view):
            return [texts.same_as(called(view, name_in(view, other(seat))))]
        if self.mine(view) is None:
            return [texts.CHOICE_IS_PROPOSED]
        return []

    def _send(self, *, agrees: bool = False) -> None:
        """Send the wanted proposal.

        Drop it if the servers have it already. It waits while another command is pending. Without ``agrees`` it also
        waits while it equals the opponent's proposal.
        """
        view, wanted = self._view, self._wanted
        if view is None or wanted is None or self._command.pending is not None:
            return
        if wanted == self.mine(view):
            self._wanted = None
        elif agrees or wanted != self.theirs(view):

            def no_longer_wanted() -> None:
                if self._wanted == wanted:  # otherwise the user has chosen again meanwhile
                    self._wanted = None
                self._send()

            self._command.send(
                self._room.propose,
                wanted,
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
