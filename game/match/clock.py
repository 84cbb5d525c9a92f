"""The two clocks of a game: pure, in service time (see ``moment``), so that no takeover costs anybody a second.

Three kinds: none; so much for every move; or a base and an increment for every move (Fischer's clock, US patent
4,884,255). Both clocks stand, or one runs; the one that reaches nought has lost. Knows no rooms and no rules.
"""

from __future__ import annotations

import functools
import re
from typing import Literal, NamedTuple

from game.errors import InvalidArgument, InvariantBroken, check
from game.rules import Seat, other

LONGEST_MOVE_S = 600
LONGEST_BASE_MIN = 180
LONGEST_INCREMENT_S = 60
LONGEST_WRITTEN = len("180+60")
"""Characters of a clock as it is written; what was read is remembered, so nothing longer is read at all."""
_PER_MOVE = re.compile(r"([1-9][0-9]{0,2})s")
_INCREMENT = re.compile(r"([1-9][0-9]{0,2})\+([0-9]{1,2})")


class ClockRule(NamedTuple):
    """How time is given: ``base_ms`` at first, or for every move; ``increment_ms`` more after every move."""

    kind: Literal["none", "per_move", "increment"] = "none"
    base_ms: int = 0
    increment_ms: int = 0


NO_CLOCK = ClockRule()


class Clock(NamedTuple):
    """What X and O had left, in ms, when the clock of ``running`` began to run at ``since``."""

    rule: ClockRule
    left: tuple[int, int]
    running: Seat | None
    since: int


def clock_rule(text: object) -> ClockRule:
    """The rule that is written as "none", as "10s" (1 to 600 seconds a move) or as "3+2" (1 to 180 minutes, and 0 to 60
    seconds more a move). Raises InvalidArgument.
    """
    rule = _read(text) if isinstance(text, str) and len(text) <= LONGEST_WRITTEN else None
    if rule is None:
        raise InvalidArgument(
            f'clock must be "none", seconds a move from "1s" to "{LONGEST_MOVE_S}s", or minutes and seconds more a '
            f'move, like "3+2", at most "{LONGEST_BASE_MIN}+{LONGEST_INCREMENT_S}"'
        )
    return rule


@functools.lru_cache(maxsize=1000)
def _read(text: str) -> ClockRule | None:
    if text == "none":
        return NO_CLOCK
    if (match := _PER_MOVE.fullmatch(text)) and int(match[1]) <= LONGEST_MOVE_S:
        return ClockRule("per_move", int(match[1]) * 1000)
    match = _INCREMENT.fullmatch(text)
    if match and int(match[1]) <= LONGEST_BASE_MIN and int(match[2]) <= LONGEST_INCREMENT_S:
        return ClockRule("increment", int(match[1]) * 60_000, int(match[2]) * 1000)
    return None


def written(rule: ClockRule) -> str:
    """The text that ``clock_rule`` reads."""
    if rule.kind == "none":
        return "none"
    if rule.kind == "per_move":
        return f"{rule.base_ms // 1000}s"
    return f"{rule.base_ms // 60_000}+{rule.increment_ms // 1000}"


def start(rule: ClockRule, seat: Seat, at: int) -> Clock | None:
    """The clocks at the start of a game, that of ``seat`` running; None without clocks."""
    return None if rule.kind == "none" else Clock(rule, (rule.base_ms, rule.base_ms), seat, at)


def left(clock: Clock, seat: Seat, at: int) -> int:
    """What a seat has left, in ms; 0 once its time is up."""
    had = clock.left[seat == "O"]
    return had if seat != clock.running else max(0, had - (at - clock.since))


def flag_at(clock: Clock) -> int | None:
    """When the running clock will have run down; None while both stand."""
    return None if clock.running is None else clock.since + clock.left[clock.running == "O"]


def has_run_down(clock: Clock, at: int) -> bool:
    """Whether the running clock has reached nought by then: the game is lost, whoever notices it and when."""
    return clock.running is not None and not left(clock, clock.running, at)


def press(clock: Clock, at: int) -> Clock:
    """A move was made: the clock of who made it stands, with its increment; the other one runs.

    Raises InvariantBroken when that one had no time left: a move after the time was up is none.
    """
    seat = clock.running
    if seat is None:
        raise InvariantBroken("moves are made while a clock runs")
    rest = left(clock, seat, at)
    check(rest > 0, "nobody moves after their time")
    rest = clock.rule.base_ms if clock.rule.kind == "per_move" else rest + clock.rule.increment_ms
    return _with(clock, seat, rest)._replace(running=other(seat), since=at)


def turn_to(clock: Clock, seat: Seat, at: int) -> Clock:
    """It is that seat's turn now, without a move (moves were taken back).

    What was used and what increments gave stays so; with so much for every move there is all of it again. Raises
    InvariantBroken when the running clock had run down.
    """
    check(not has_run_down(clock, at), "nothing is taken back after somebody's time")
    stood = stop(clock, at)
    if clock.rule.kind == "per_move":
        stood = stood._replace(left=(clock.rule.base_ms, clock.rule.base_ms))
    return stood._replace(running=seat, since=at)


def stop(clock: Clock, at: int) -> Clock:
    """Both clocks stand: the game is over."""
    if clock.running is None:
        return clock
    return _with(clock, clock.running, left(clock, clock.running, at))._replace(running=None, since=at)


def _with(clock: Clock, seat: Seat, rest: int) -> Clock:
    x, o = clock.left
    return clock._replace(left=(rest, o) if seat == "X" else (x, rest))
