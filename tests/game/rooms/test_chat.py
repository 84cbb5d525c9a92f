"""What is said: how a line is cleaned, how often one may speak, how much is kept."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.errors import InvalidArgument, TooOften
from game.rooms.chat import (
    KEPT_LINES,
    LINES_OF_PERSON,
    LINES_OF_SPECTATORS,
    LONGEST_LINE,
    RATE_MS,
    Line,
    Talk,
    check_rate,
    clean,
    said,
)
from game.rules import Seat
from tests.game.playing import JUNK, UNTIMED

HARD_TEXTS = st.text() | st.text("a \u200d\u202e\u0301\u00a0\u3164\ufb1d\U0001f469\ud800\n", max_size=20)


def talked(*lines: tuple[str, Seat | None, int]) -> Talk:
    talk: Talk = ()
    for number, (by, seat, at) in enumerate(lines):
        talk = said(talk, Line(number, by, seat, "hm", at, 0))
    return talk


# -- the text ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_text", "line"),
    [
        ("good luck!", "good luck!"),
        ("  a \t b\nc  ", "a b c"),
        ("a\u00a0b\u3000c", "a b c"),
        ("\x1b[31mred\x07", "[31mred"),
        ("left\u202eright\u2066", "leftright"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("half\ud800", "half"),
        ("\ue000private", "private"),
        ("e\u0301", "\u00e9"),
        ("\U0001f469\u200d\U0001f680", "\U0001f469\u200d\U0001f680"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
        ("x" * LONGEST_LINE, "x" * LONGEST_LINE),
        (" " * 500 + "x", "x"),
    ],
)
def test_a_line_is_text_and_nothing_else(given_text: str, line: str) -> None:
    assert clean(given_text) == line


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  \n",
        "\u200b",
        "\u200d",
        "\u200d \u200c",
        "\u3164",
        "\u2800 \u2800",
        "\ufe0f",
        "\u0301",
        "\ud800",
        "x" * 201,
        "\ufb1d" * 101,
        None,
        7,
        b"text",
        ["text"],
    ],
)
def test_what_nobody_could_read_is_refused(text: object) -> None:
    with pytest.raises(InvalidArgument, match="text"):
        clean(text)


@UNTIMED
@given(HARD_TEXTS)
def test_what_is_clean_stays_as_it_is(text: str) -> None:
    try:
        line = clean(text)
    except InvalidArgument:
        return
    assert clean(line) == line
    assert 1 <= len(line) <= LONGEST_LINE
    assert line == line.strip()
    assert "  " not in line
    assert line.encode()
    assert not any(unicodedata.category(c).startswith("C") and c not in "\u200c\u200d" for c in line)


@UNTIMED
@given(JUNK)
def test_junk_is_said_as_text_or_refused(junk: object) -> None:
    try:
        assert isinstance(clean(junk), str)
        assert isinstance(junk, str)
    except InvalidArgument:
        pass


# -- how often --------------------------------------------------------------------------------------------------------


def test_one_person_says_five_lines_in_ten_seconds() -> None:
    talk = talked(*[("ann", "X", at) for at in range(LINES_OF_PERSON)])
    with pytest.raises(TooOften):
        check_rate(talk, "ann", "X", RATE_MS - 1)
    check_rate(talk, "ann", "X", RATE_MS)
    check_rate(talk, "bob", "O", 5)
    check_rate(talked(*[("ann", "X", at) for at in range(LINES_OF_PERSON - 1)]), "ann", "X", 5)


def test_a_crowd_that_watches_is_kept_short_and_players_are_not() -> None:
    talk = talked(*[(f"guest{number}", None, 0) for number in range(LINES_OF_SPECTATORS)])
    with pytest.raises(TooOften):
        check_rate(talk, "cleo", None, RATE_MS - 1)
    check_rate(talk, "ann", "X", 0)
    check_rate(talk, "cleo", None, RATE_MS)


_SPEAKERS: list[tuple[str, Seat | None]] = [("ann", "X"), ("bob", "O"), *((f"guest{n}", None) for n in range(30))]


@UNTIMED
@given(st.lists(st.tuples(st.sampled_from(_SPEAKERS), st.integers(0, 1500)), max_size=120))
def test_within_ten_seconds_there_are_never_more_lines_than_that(
    lines: list[tuple[tuple[str, Seat | None], int]],
) -> None:
    talk: Talk = ()
    everything: list[Line] = []
    at = 0
    for (by, seat), pause_ms in lines:
        at += pause_ms // 4
        try:
            check_rate(talk, by, seat, at)
        except TooOften:
            continue
        everything.append(Line(len(everything), by, seat, "hm", at, 0))
        talk = said(talk, everything[-1])
        lately = [line for line in everything if line.at > at - RATE_MS]
        assert sum(line.by == by for line in lately) <= LINES_OF_PERSON
        assert sum(line.seat is None for line in lately) <= LINES_OF_SPECTATORS
        assert talk == tuple(everything[-KEPT_LINES:])


def test_as_many_lines_are_kept_as_the_limits_look_at() -> None:
    """Lines that are gone are not counted: so the last ten seconds are always there, two players and all who watch."""
    assert 2 * LINES_OF_PERSON + LINES_OF_SPECTATORS <= KEPT_LINES
