"""Which names are easily taken for one another, and recovery codes as people write them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.accounts.confusables import CONFUSABLE
from game.accounts.lookalikes import skeletons
from game.accounts.names import check_name, name_key
from game.accounts.recovery_code import BITS, check_code, code_from
from game.errors import InvalidArgument
from tests.game.playing import JUNK, UNTIMED


def alike(one: str, other: str) -> bool:
    return not set(skeletons(one)).isdisjoint(skeletons(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ada", "\u0430da"),  # a Cyrillic a
        ("Ada", "\u0410DA"),
        ("ada", "\uff41da"),
        ("paypal", "paypa1"),
        ("Al", "AI"),  # a capital i
        ("bob", "B0B"),
        ("adam", "adarn"),
        ("ADAM", "Adarn"),
        ("scope", "\u0455\u0441\u043e\u0440\u0435"),  # all of it Cyrillic
        ("Zo\u00eb", "Z\u043ee\u0308"),
        ("STRASSE", "stra\u00dfe"),
        ("Housebot", "House.bot"),
        ("Housebot", "house bot"),
        ("Housebot", "house-b0t"),
        ("Housebot", "h_o_u_s_e_b_o_t"),
        ("paypal", "pay.pal"),
        ("paypal", "\u0440\u0430\u0443-\u0440\u0430l"),
        ("a-b", "a b"),
        ("j.r.r tolkien", "JRR Tolkien"),
    ],
)
def test_names_that_are_easily_taken_for_one_another(one: str, other: str) -> None:
    assert alike(one, other)
    assert alike(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [("ai", "al"), ("Kai", "Kal"), ("ada", "adb"), ("Zoe", "Zo\u00eb"), ("ann", "anna"), ("李", "季")],
)
def test_names_that_only_resemble_each_other_a_little_are_two(one: str, other: str) -> None:
    assert not alike(one, other)


NAMES = st.text(st.characters(categories=["L", "M", "Nd"]), min_size=1, max_size=20) | st.text(
    st.sampled_from("aAbBiIlL1oO0mMrn\u0430\u0410\u0456\u0131\u0130\u00df\u017f"), min_size=1, max_size=8
)


@UNTIMED
@given(NAMES, st.sampled_from([str.upper, str.lower, str.title, str.swapcase]))
def test_one_name_written_in_two_ways_looks_alike(name: str, change: object) -> None:
    assert callable(change)
    for other in (change(name), unicodedata.normalize("NFKC", name), unicodedata.normalize("NFD", name)):
        if name_key(name) == name_key(other):
            assert alike(name, other)


@UNTIMED
@given(st.text(st.characters(max_codepoint=127, categories=["L", "Nd"]), min_size=1, max_size=20))
def test_the_short_way_for_plain_letters_comes_to_the_same(name: str) -> None:
    wide = "".join(chr(ord(c) + 0xFEE0) for c in name)  # full-width forms, which NFKC brings back
    assert set(skeletons(name)) == set(skeletons(wide))


def test_the_table_has_only_what_can_be_in_a_name_and_leads_nowhere_further() -> None:
    rows = [row.partition(":")[::2] for row in CONFUSABLE.split()]
    sources = [int(source, 16) for _, found in rows for source in found.split(",")]
    assert len(sources) == len(set(sources)) > 2000
    targets = {int(part, 16) for target, _ in rows for part in target.split("+")}
    assert not targets & set(sources)
    for source in sources:
        assert unicodedata.normalize("NFKD", chr(source)) == chr(source)
    assert check_name("\u0430da") == "\u0430da", "it can be a name, as long as nobody has the one it looks like"


@UNTIMED
@given(st.integers(0, (1 << BITS) - 1))
def test_a_code_is_read_however_it_was_written_down(number: int) -> None:
    code = code_from(number)
    assert len(code) == 23
    normal = code.replace("-", "")
    for written in (code, normal, code.lower(), code.replace("-", " "), code.replace("0", "O").replace("1", "l")):
        assert check_code(written) == normal


def test_every_number_has_a_code_of_its_own() -> None:
    codes = {code_from(1 << bit) for bit in range(BITS)} | {code_from(0)}
    assert len(codes) == BITS + 1


@UNTIMED
@given(JUNK)
def test_junk_is_no_code(junk: object) -> None:
    for value in (junk, "", "A" * 19, "A" * 21, "U" * 20, "\u0410" * 20, "A" * 19 + "\n", " " * 64):
        with pytest.raises(InvalidArgument):
            check_code(value)
