"""Names that can be claimed anew: less than the names that there are."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.accounts.lookalikes import passes_for, skeletons
from game.accounts.names import LONGEST_NAME, SEPARATORS, check_name, name_key
from game.accounts.new_names import check_new_name
from game.errors import InvalidArgument
from tests.game.playing import JUNK, UNTIMED

TOWER = "a" + "\u0316\u0301\u0302\u0303\u0304\u0306\u0307" * 3


@pytest.mark.parametrize(
    "name",
    [
        "Ann",
        "7",
        "x" * 20,
        "j.r.r tolkien",
        "Żółć",
        "李小龍",
        "ラーメン",
        "हिन्दी",
        "প্রিয়া",
        "한글",
        "\u05d0\u05d1\u05d2123",
        "עִבְרִית",
        "عمر٣",
        "عَلِيّ",
        "Nguyễn",
        "സുനിൽ",
        "abc \u05d0\u05d1",
    ],
)
def test_names_of_all_scripts_can_be_claimed(name: str) -> None:
    assert check_new_name(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    ("written", "claimed"),
    [("\uff21nn", "Ann"), ("\ufb01n", "fin"), ("\U0001d400da", "Ada"), ("กำ", "ก\u0e4d\u0e32"), ("Zoe\u0308", "Zoë")],
)
def test_letters_of_other_widths_and_shapes_become_plain_ones(written: str, claimed: str) -> None:
    assert check_new_name(written) == claimed
    assert name_key(written) == name_key(claimed)


@pytest.mark.parametrize("name", [TOWER[:19], "a\u0316\u0316b", "z\u0301\u0301", "\u0628" + "\u064e" * 18])
def test_marks_that_pile_up_are_refused(name: str) -> None:
    assert check_name(name), "it can have been a name before"
    with pytest.raises(InvalidArgument, match="marks"):
        check_new_name(name)


@pytest.mark.parametrize("name", ["abc\u05d0", "123\u05d0\u05d1", "ada \u05d0a"])
def test_directions_are_not_mixed_in_a_word(name: str) -> None:
    with pytest.raises(InvalidArgument, match="right"):
        check_new_name(name)


@pytest.mark.parametrize("name", ["\u0661\u06f1", "\u1105a"])
def test_what_precis_does_not_know_as_a_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidArgument):
        check_new_name(name)


@UNTIMED
@given(JUNK | st.text(st.characters(categories=["L", "M", "Nd"]), max_size=20))
def test_whatever_is_asked_for_it_is_a_name_or_is_refused(junk: object) -> None:
    try:
        name = check_new_name(junk)
    except InvalidArgument:
        return
    assert check_new_name(name) == name == check_name(name)
    assert 1 <= len(name) <= LONGEST_NAME
    assert isinstance(junk, str)
    assert name_key(name) == name_key(junk)


@UNTIMED
@given(st.lists(st.text("aAbBlI1oO0\u0430\u043e\u00eb", min_size=1, max_size=4), min_size=1, max_size=4), st.data())
def test_what_stands_between_words_makes_no_other_name(words: list[str], data: st.DataObject) -> None:
    joined = [data.draw(st.sampled_from(["", *SEPARATORS])).join(words) for _ in range(2)]
    assert not set(skeletons(joined[0])).isdisjoint(skeletons(joined[1]))


@pytest.mark.parametrize(
    "name",
    [
        "Housebot",
        "HOUSEBOT",
        "House.bot",
        "house bot",
        "house-b0t",
        "h0us3_b07",
        "Hou5e8ot",
        "Housébot",
        "H\u03bfusebot",
        "\u041d\u043euseb\u043et",
        "Houseb\u00f8t",
    ],
)
def test_nothing_passes_for_a_reserved_name(name: str) -> None:
    assert passes_for(name, "Housebot")


@pytest.mark.parametrize("name", ["House", "Houseboat", "Greenhouse bot", "bot", "Houzebot2x"])
def test_other_names_do_not(name: str) -> None:
    assert not passes_for(name, "Housebot")
