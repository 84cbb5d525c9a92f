"""The first section of a match: what is going to be played. Pure; knows seats, and neither rooms nor rules.

Everybody proposes from a short list. When all propose the same it is agreed; when the time is up, lots are drawn,
fairly: each one's proposal has the same chance, and for who proposed nothing any of the list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from game.errors import InvalidArgument
from game.rules import SEATS, Seat

SELECT_MS = 15_000
"""How long people have to agree, in service time."""


class Proposal(NamedTuple):
    """What somebody would play: the name of a board, best of how many, a clock (see ``clock.clock_rule``)."""

    board: str
    best_of: int
    clock: str


class Choices(NamedTuple):
    """The short list; none of the three is empty."""

    boards: tuple[str, ...]
    best_ofs: tuple[int, ...]
    clocks: tuple[str, ...]

    @property
    def ways(self) -> int:
        """How many different proposals can be made."""
        return len(self.boards) * len(self.best_ofs) * len(self.clocks)


class Selection(NamedTuple):
    """Who proposes what, from which list, and until when (service time)."""

    choices: Choices
    until: int
    proposals: Mapping[Seat, Proposal] = MappingProxyType({})


ANY = "any"
"""A wish that anything will do."""


class SeekFilter(NamedTuple):
    """What somebody wants to play who asks for a match: the name of a board and a clock, or ``ANY`` for either."""

    board: str = ANY
    clock: str = ANY


def narrowed(choices: Choices, wishes: Sequence[SeekFilter]) -> Choices | None:
    """What the short list has for all these wishes; None if they do not go together."""
    boards = {wish.board for wish in wishes} - {ANY}
    clocks = {wish.clock for wish in wishes} - {ANY}
    narrow = choices._replace(
        boards=tuple(board for board in choices.boards if boards <= {board}),
        clocks=tuple(clock for clock in choices.clocks if clocks <= {clock}),
    )
    return narrow if narrow.ways else None


def check_wish(value: object, choices: Choices) -> SeekFilter:
    """The wish that was sent as a dictionary; what is left out is any. Raises InvalidArgument."""
    if not isinstance(value, Mapping):
        raise InvalidArgument("a wish is a dictionary of board and clock")
    return SeekFilter(
        _one_of(value.get("board", ANY), "board", (ANY, *choices.boards)),
        _one_of(value.get("clock", ANY), "clock", (ANY, *choices.clocks)),
    )


def check_proposal(value: object, choices: Choices) -> Proposal:
    """The proposal that was sent as a dictionary, if it is one of the list. Raises InvalidArgument."""
    if not isinstance(value, Mapping):
        raise InvalidArgument("a proposal is a dictionary of board, best_of and clock")
    best_of = value.get("best_of")
    if not isinstance(best_of, int) or isinstance(best_of, bool) or best_of not in choices.best_ofs:
        raise InvalidArgument(f"best_of must be one of {', '.join(map(str, choices.best_ofs))}")
    return Proposal(
        _one_of(value.get("board"), "board", choices.boards),
        best_of,
        _one_of(value.get("clock"), "clock", choices.clocks),
    )


def propose(selection: Selection, seat: Seat, proposal: Proposal) -> Selection:
    """That seat proposes this, and no longer what it proposed before."""
    return selection._replace(proposals={**selection.proposals, seat: proposal})


def agreed(selection: Selection) -> Proposal | None:
    """What all propose, or all that is left to choose; None while they differ."""
    if selection.choices.ways == 1:
        return _all(selection.choices)[0]
    proposed = {selection.proposals.get(seat) for seat in SEATS}
    return next(iter(proposed)) if len(proposed) == 1 else None


def draw_lots(selection: Selection, chance: int) -> Proposal:
    """One of the proposals, by random bits: the last says whose; if they have proposed nothing, the others which one of
    the list.
    """
    seat = SEATS[chance % len(SEATS)]
    every = _all(selection.choices)
    return selection.proposals.get(seat) or every[chance // len(SEATS) % len(every)]


def _all(choices: Choices) -> list[Proposal]:
    boards, best_ofs, clocks = choices
    return [Proposal(board, best_of, clock) for board in boards for best_of in best_ofs for clock in clocks]


def _one_of(value: object, name: str, allowed: Sequence[str]) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise InvalidArgument(f"{name} must be one of {', '.join(allowed)}")
    return value
