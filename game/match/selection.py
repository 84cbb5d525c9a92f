"""The selection at the start of a match: what is going to be played. Pure; independent of rooms and rules.

Each player proposes from a short list. When both propose the same, it is agreed. When the time is over, lots are drawn:
each player's proposal has the same chance. For a player without a proposal, each item of the list has the same chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from game.errors import InvalidArgument
from game.rules import SEATS, Seat

SELECT_MS = 15_000
"""The time for a selection, in ms of service time."""


class Proposal(NamedTuple):
    """What a player wants to play: the name of a board, the length of the series, and the text of a clock."""

    board: str
    best_of: int
    clock: str


class Choices(NamedTuple):
    """The short list. None of the three lists is empty."""

    boards: tuple[str, ...]
    best_ofs: tuple[int, ...]
    clocks: tuple[str, ...]

    @property
    def ways(self) -> int:
        """Return the number of different proposals."""
        return len(self.boards) * len(self.best_ofs) * len(self.clocks)


class Selection(NamedTuple):
    """The selection so far: the short list, its end in service time, and the last proposal of each seat."""

    choices: Choices
    until: int
    proposals: Mapping[Seat, Proposal] = MappingProxyType({})


ANY = "any"
"""The filter value that accepts everything."""


class SeekFilter(NamedTuple):
    """A seeker's filter: the name of a board and a clock, or ``ANY`` for either."""

    board: str = ANY
    clock: str = ANY


def narrowed(choices: Choices, filters: Sequence[SeekFilter]) -> Choices | None:
    """Return the choices that all these filters accept; None if there are none."""
    boards = {one.board for one in filters} - {ANY}
    clocks = {one.clock for one in filters} - {ANY}
    narrow = choices._replace(
        boards=tuple(board for board in choices.boards if boards <= {board}),
        clocks=tuple(clock for clock in choices.clocks if clocks <= {clock}),
    )
    return narrow if narrow.ways else None


def check_filter(value: object, choices: Choices) -> SeekFilter:
    """Return the filter that a client sent as a dictionary. Missing fields are ``ANY``. Raises InvalidArgument."""
    if not isinstance(value, Mapping):
        raise InvalidArgument("wish must be a dictionary of board and clock")
    return SeekFilter(
        _one_of(value.get("board", ANY), "board", (ANY, *choices.boards)),
        _one_of(value.get("clock", ANY), "clock", (ANY, *choices.clocks)),
    )


def check_proposal(value: object, choices: Choices) -> Proposal:
    """Return the proposal that a client sent as a dictionary. Raises InvalidArgument if it is not in the choices."""
    if not isinstance(value, Mapping):
        raise InvalidArgument("a proposal must be a dictionary of board, best_of and clock")
    best_of = value.get("best_of")
    if not isinstance(best_of, int) or isinstance(best_of, bool) or best_of not in choices.best_ofs:
        raise InvalidArgument(f"best_of must be one of {', '.join(map(str, choices.best_ofs))}")
    return Proposal(
        _one_of(value.get("board"), "board", choices.boards),
        best_of,
        _one_of(value.get("clock"), "clock", choices.clocks),
    )


def propose(selection: Selection, seat: Seat, proposal: Proposal) -> Selection:
    """Return the selection with the seat's proposal, in place of its earlier proposal."""
    return selection._replace(proposals={**selection.proposals, seat: proposal})


def agreed(selection: Selection) -> Proposal | None:
    """Return the proposal of both seats, or the only possible proposal; None while they differ."""
    if selection.choices.ways == 1:
        return _all(selection.choices)[0]
    proposed = {selection.proposals.get(seat) for seat in SEATS}
    return next(iter(proposed)) if len(proposed) == 1 else None


def draw_lots(selection: Selection, chance: int) -> Proposal:
    """Return one of the proposals, chosen by random bits.

    The last bit selects a seat. If that seat has no proposal, the other bits select from the whole list.
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
