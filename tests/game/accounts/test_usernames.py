"""Usernames: which are allowed, which are the same, and whose they are."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.accounts import names
from game.accounts.name_events import EVENTS, Claimed
from game.accounts.names import LONGEST_NAME, NOBODY, Claim, Name, check_name, name_key
from game.errors import InvalidArgument, NameTaken
from tests.game.playing import JUNK, UNTIMED


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "7",
        "Ann",
        "x" * 20,
        "ann-marie",
        "j.r.r tolkien",
        "a_b-c.d e",
        "Żółć",
        "李小龍",
        "عمر٣",
        "हिन्दी",
        "한글",
    ],
)
def test_letters_and_digits_of_any_script_make_a_name(name: str) -> None:
    assert check_name(name) == unicodedata.normalize("NFC", name)


def test_a_name_is_kept_in_its_normal_form() -> None:
    assert check_name("Zoe\u0308") == "Zo\u00eb"
    assert check_name("e\u0301" * 20) == "\u00e9" * 20
    assert check_name("\u03c9\u0313\u0300\u0345" * 20) == "\u1fa2" * 20


@pytest.mark.parametrize("name", ["", "x" * 21, "\u00e9" * 21, "e\u0301" * 21, "x" * 100_000])
def test_a_name_has_1_to_20_characters(name: str) -> None:
    with pytest.raises(InvalidArgument, match="1 to 20"):
        check_name(name)


@pytest.mark.parametrize(
    "name",
    [
        " a",
        "a ",
        "-a",
        "a-",
        "_a",
        "a.",
        ".",
        "a  b",
        "a--b",
        "a._b",
        "a,b",
        "a@b",
        "a/b",
        "<b>",
        "a\u00b2",
        "\U0001f600",
    ],
)
def test_only_single_signs_stand_between_letters(name: str) -> None:
    with pytest.raises(InvalidArgument, match="letters and digits"):
        check_name(name)


@pytest.mark.parametrize(
    "sign",
    [
        "\n", "\t", "\0", "\x7f", "\u00a0", "\u00ad", "\u200b", "\u200d", "\u200e", "\u202e", "\u2028", "\u2066",
        "\u3000",
        "\ufeff", "\ud800", "\ue000", "\u0378",
        # invisible, and yet letters or marks
        "\u034f", "\u115f", "\u1160", "\u17b4", "\u180b", "\u3164", "\ufe0f", "\uffa0", "\U000e0100",
    ],
)  # fmt: skip
def test_what_cannot_be_seen_is_in_no_name(sign: str) -> None:
    for name in (sign, f"a{sign}b", f"a{sign}", f"{sign}a"):
        with pytest.raises(InvalidArgument):
            check_name(name)


@pytest.mark.parametrize("name", ["\u0301", "\u0301a", "a_\u0301", "a \u0301b"])
def test_an_accent_stands_on_a_letter(name: str) -> None:
    with pytest.raises(InvalidArgument):
        check_name(name)


@UNTIMED
@given(JUNK)
def test_junk_is_a_name_or_is_refused(junk: object) -> None:
    try:
        name = check_name(junk)
    except InvalidArgument:
        return
    assert 1 <= len(name) <= LONGEST_NAME


@UNTIMED
@given(st.text(max_size=25) | st.text(st.characters(categories=["L", "M", "Nd"]), max_size=25))
def test_an_allowed_name_stays_as_it_is_and_its_key_too(text: str) -> None:
    try:
        name = check_name(text)
    except InvalidArgument:
        return
    assert check_name(name) == name
    assert name.isprintable()
    assert name_key(name_key(name)) == name_key(name)
    assert name_key(text) == name_key(name)


def test_names_that_read_the_same_have_one_key() -> None:
    assert name_key("Ann") == name_key("ANN") == name_key("\uff21nn")
    assert name_key("Zoe\u0308") == name_key("ZO\u00cb")
    assert name_key("stra\u00dfe") == name_key("STRASSE")
    assert name_key("ann") != name_key("anna")


MINE = Claim("Ann", "hash-1")


def test_a_free_name_goes_to_who_claims_it() -> None:
    assert names.decide(NOBODY, MINE) == (Claimed("Ann", "hash-1"),)
    assert names.evolve(NOBODY, Claimed("Ann", "hash-1")) == Name(1, "Ann", "hash-1")


def test_claiming_the_own_name_again_changes_nothing() -> None:
    state = names.evolve(NOBODY, Claimed("Ann", "hash-1"))
    assert names.decide(state, MINE) == ()
    assert names.decide(state, Claim("ANN", "hash-1")) == ()


def test_the_name_of_another_token_is_taken_and_the_refusal_keeps_the_secret() -> None:
    state = names.evolve(NOBODY, Claimed("Ann", "hash-1"))
    with pytest.raises(NameTaken) as refusal:
        names.decide(state, Claim("Ann", "hash-2"))
    assert "hash" not in refusal.value.message


def test_a_claim_and_its_name_come_back_from_the_disk() -> None:
    [event] = names.decide(NOBODY, MINE)
    assert EVENTS.from_plain(json.loads(json.dumps({**EVENTS.to_plain(event), "unknown": 1}))) == event
    state = names.evolve(NOBODY, event)
    assert names.STATES.from_plain(json.loads(json.dumps(names.STATES.to_plain(state)))) == state


@UNTIMED
@given(JUNK)
def test_junk_is_no_claim(junk: object) -> None:
    for plain in (junk, {"kind": "claimed", "name": "Ann"}, {"kind": "claimed", "name": junk, "token_hash": None}):
        with pytest.raises(InvalidArgument):
            EVENTS.from_plain(plain)
