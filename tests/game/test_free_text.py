"""Titles and talk: one rule for what is text, in all scripts."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.errors import InvalidArgument
from game.free_text import MOST_MARKS, can_be_seen, is_readable, piles_up, readable
from game.rooms.chat import clean
from game.rooms.commands import Create
from game.rooms.events import Created
from game.rooms.state import nothing
from tests.game.playing import UNTIMED, decided, request

PERSIAN = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
HIJRI = "\u0647\u200d"
HINDI = "\u0915\u094d\u200d\u0937"
ASTRONAUT = "\U0001f469\u200d\U0001f680"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
HEART_ON_FIRE = "\u2764\ufe0f\u200d\U0001f525"
DARK_PILOT = "\U0001f468\U0001f3ff\u200d\u2708\ufe0f"
NODDING = "\U0001f642\u200d\u2195\ufe0f"
ALL = [PERSIAN, HIJRI, HINDI, ASTRONAUT, FAMILY, HEART_ON_FIRE, DARK_PILOT, NODDING]
HARD_SIGNS = "a1 \u200c\u200d\u202e\u0301\u0328\u0645\u06cc\u094d\u0915\U0001f469\ufe0f\U0001f3ff\u2695\n"
HARD = st.text() | st.text(HARD_SIGNS, max_size=30)


def titled(title: object) -> str:
    [event] = decided(nothing("abcd"), Create("ann", request(), title, "tictactoe", {}))
    assert isinstance(event, Created)
    return event.title


@pytest.mark.parametrize("text", ALL)
def test_persian_indic_and_emoji_can_be_titles_and_can_be_said(text: str) -> None:
    assert titled(text) == clean(text) == text
    assert titled(f"  play {text} ") == clean(f"  play {text} ") == f"play {text}"


@pytest.mark.parametrize("joiner", ["\u200c", "\u200d"])
@pytest.mark.parametrize("text", ["a{}b", "{}a", "a{}", "1{}", "{}", "a {} b", "\U0001f469{}a", PERSIAN + " {}x"])
def test_joiners_without_use_are_dropped(text: str, joiner: str) -> None:
    assert readable(text.format(joiner)) == readable(text.format(""))


def test_joiners_do_not_pile_up() -> None:
    assert readable(PERSIAN.replace("\u200c", "\u200c" * 50)) == PERSIAN
    assert readable(ASTRONAUT.replace("\u200d", 50 * "\u200c" + "\u200d")) == ASTRONAUT


@pytest.mark.parametrize("direction", ["\u202a", "\u202e", "\u2066", "\u2069", "\u200e", "\u200f", "\u061c"])
def test_directions_are_refused_in_titles_and_dropped_from_talk(direction: str) -> None:
    with pytest.raises(InvalidArgument, match="title"):
        titled(f"a{direction}b")
    assert clean(f"a{direction}b") == "ab"


def test_marks_that_pile_up_are_refused_in_titles_and_dropped_from_talk() -> None:
    tower = "z" + "\u0301\u0302\u0303\u0304\u0306\u0307" * 3
    for piled in (tower, "z\u0489" + "\u0489" * 5):
        assert piles_up(piled)
        with pytest.raises(InvalidArgument, match="title"):
            titled(piled)
    decomposed = unicodedata.normalize("NFD", tower)
    assert clean(tower) == unicodedata.normalize("NFC", decomposed[: 1 + MOST_MARKS])
    assert not piles_up("z" + "\u0301\u0302\u0303\u0304")


@pytest.mark.parametrize("text", ["Việt Nam", "עִבְרִית", "عَلِيّ", "กำลังใจ", "ကျွန်ုပ်", "བོད་སྐད་", "नमस्ते", "1\ufe0f\u20e3"])
def test_no_script_needs_more_marks(text: str) -> None:
    assert titled(text) == clean(text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("title", ["\u3164", "\u2800\u2800", "\u0301"])
def test_a_title_that_looks_empty_is_refused_and_an_empty_one_is_none(title: str) -> None:
    with pytest.raises(InvalidArgument, match="title"):
        titled(title)
    assert titled("") == titled("   ") == ""


@UNTIMED
@given(HARD)
def test_what_is_readable_stays_as_it_is(text: str) -> None:
    once = readable(text)
    assert readable(once) == once
    assert is_readable(once)
    assert not piles_up(once)
    assert can_be_seen(once) == can_be_seen(readable(f" {text}\n"))
    assert not set(once) & set("\u202e\n\ud800")


@UNTIMED
@given(HARD)
def test_a_title_is_refused_or_is_what_talk_would_be(text: str) -> None:
    try:
        title = titled(text)
    except InvalidArgument:
        return
    assert title == readable(text)
    assert title == "" or clean(title) == title
