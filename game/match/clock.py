"""The two clocks of a game. Pure; in service time (see ``context``), so a takeover costs no player any time.

There are three kinds: no clock; a fixed time for every move; a base time with an increment for every move (Fischer's
clock, US patent 4,884,255). Both clocks stand still, or exactly one runs. A player whose clock reaches 0 has lost.
Nothing here depends on rooms or rules.
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
"""The most characters of a written clock. ``_read`` is cached, so longer texts are refused before it."""
_PER_MOVE = re.compile(r"([1-9][0-9]{0,2})s")
_INCREMENT = re.compile(r"([1-9][0-9]{0,2})\+([0-9]{1,2})")


class ClockRule(NamedTuple):
    """How time is given, in ms: ``base_ms`` at the start or for every move, and ``increment_ms`` after every move."""

    kind: Literal["none", "per_move", "increment"] = "none"
    base_ms: int = 0
    increment_ms: int = 0


NO_CLOCK = ClockRule()


class Clock(NamedTuple):
    """The clocks of X and O. ``left``: the time of each in ms at ``since``, when the clock of ``running`` started.

    ``running`` is None while both stand still.
    """

    rule: ClockRule
    left: tuple[int, int]
    running: Seat | None
    since: int


def clock_rule(text: object) -> ClockRule:
    """Return the rule for a text: "none", "10s" (1 to 600 seconds a move) or "3+2" (base time and increment).

    The base is 1 to 180 minutes, the increment 0 to 60 seconds a move. Raises InvalidArgument.
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


def clock_text(rule: ClockRule) -> str:
    """Return the text that ``clock_rule`` reads."""
    if rule.kind == "none":
        return "none"
    if rule.kind == "per_move":
        return f"{rule.base_ms // 1000}s"
    return f"{rule.base_ms // 60_000}+{rule.increment_ms // 1000}"


def start(rule: ClockRule, seat: Seat, at: int) -> Clock | None:
    """Return the clocks at the start of a game, with that of ``seat`` running; None without clocks."""
    return None if rule.kind == "none" else Clock(rule, (rule.base_ms, rule.base_ms), seat, at)


def left(clock: Clock, seat: Seat, at: int) -> int:
    """Return the time that a seat has left, in ms; 0 once its flag has fallen."""
    had = clock.left[seat == "O"]
    return had if seat != clock.running else max(0, had - (at - clock.since))


def flag_at(clock: Clock) -> int | None:
    """Return the service time at which the running clock reaches 0; None while both stand still."""
    return None if clock.running is None else clock.since + clock.left[clock.running == "O"]


def has_run_down(clock: Clock, at: int) -> bool:
    """Return whether the running clock has reached 0 by then. The game is lost from that moment on."""
    return clock.running is not None and not left(clock, clock.running, at)


def press(clock: Clock, at: int) -> Clock:
    """Return the clocks after a move: the mover's clock stops and gets its increment, and the other clock runs.

    Raises InvariantBroken when the mover had no time left: a move after that is impossible.
    """
    seat = clock.running
    if seat is None:
        raise InvariantBroken("moves are made while a clock runs")
    rest = left(clock, seat, at)
    check(rest > 0, "no move is made after the time is up")
    rest = clock.rule.base_ms if clock.rule.kind == "per_move" else rest + clock.rule.increment_ms
    return Clock(clock.rule, _left(clock, seat, rest), other(seat), at)


def turn_to(clock: Clock, seat: Seat, at: int) -> Clock:
    """Return the clocks when it becomes that seat's turn without a move, after a takeback.

    Used time and increments are kept; with a fixed time for every move, both clocks get the full time again. Raises
    InvariantBroken when the running clock had run down.
    """
    check(not has_run_down(clock, at), "no move is taken back after the time is up")
    stood = stop(clock, at)
    if clock.rule.kind == "per_move":
        stood = stood._replace(left=(clock.rule.base_ms, clock.rule.base_ms))
    return stood._replace(running=seat, since=at)


def stop(clock: Clock, at: int) -> Clock:
    """Return the clocks with both stopped: the game is over."""
    if clock.running is None:
        return clock
    return Clock(clock.rule, _left(clock, clock.running, left(clock, clock.running, at)), None, at)


def _left(clock: Clock, seat: Seat, rest: int) -> tuple[int, int]:
    """Return the time of each seat when that seat has ``rest`` ms."""
    x, o = clock.left
    return (rest, o) if seat == "X" else (x, rest)
