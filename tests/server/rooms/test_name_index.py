"""Every username there is or was: whoever holds it, and what it looks like."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.accounts import names
from game.accounts.lookalikes import skeletons
from game.accounts.names import NOBODY, Claim, Name, Recover, Release, Reserve, name_key
from game.errors import Refusal
from server.log.name_stream import name_stream
from server.rooms import name_index
from server.rooms.name_index import NameIndex
from tests.game.playing import UNTIMED

NAMES = ("ada", "Ada", "\u0430da", "bob", "B0B", "adam", "adarn", "zoe")
"""Some are one name, and some only look alike."""
STEPS = st.tuples(st.sampled_from(["claim", "claim", "release", "keep", "recover", "ask"]), st.sampled_from(NAMES))


class NaiveBook:
    """The states of all names, looked through for every question."""

    def __init__(self) -> None:
        self.states: dict[str, Name] = {}

    @property
    def held(self) -> list[Name]:
        return [state for state in self.states.values() if state.is_owned]

    def lookalike_of(self, name: str) -> set[str | None]:
        """All names that may be named; None if there is none."""
        alike: set[str | None] = {
            state.name
            for stream, state in self.states.items()
            if state.is_owned
            and stream != stream_of(name)
            and not set(skeletons(state.name)).isdisjoint(skeletons(name))
        }
        return alike or {None}


def stream_of(name: str) -> str:
    return name_stream(name_key(name))


@UNTIMED
@given(st.lists(STEPS, max_size=30), st.integers(1, 3))
def test_whatever_becomes_of_names_the_book_knows_whose_they_are_and_what_looks_alike(
    steps: list[tuple[str, str]], looked_at_once: int
) -> None:
    book, naive = NameIndex(), NaiveBook()
    tokens: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(name_index, "COMPUTED_AT_ONCE", looked_at_once)
        for step, name in steps:
            if step == "ask":
                assert book.lookalike_of(name) in naive.lookalike_of(name)
                continue
            before = naive.states.get(stream_of(name), NOBODY)
            tokens.append(f"token {len(tokens)}")
            try:
                events = names.decide(before, command_of(step, name, tokens[-1], before))
            except Refusal:
                continue
            for event in events:
                before = names.evolve(before, event)
                naive.states[stream_of(name)] = before
                book.put(stream_of(name), before)
        for name in NAMES:
            assert book.lookalike_of(name) in naive.lookalike_of(name)
            assert book.state(stream_of(name)) == naive.states.get(stream_of(name))
    assert len(book) == len(naive.states)
    assert book.held == len(naive.held)
    assert sorted(book.held_names()) == sorted(state.name for state in naive.held)
    owners = {state.token_hash: state.name for state in naive.held}
    assert {token: book.name_with(token) for token in tokens} == {token: owners.get(token) for token in tokens}


def command_of(step: str, name: str, token: str, before: Name) -> names.Command:
    """What whoever holds the name, or somebody new, asks for."""
    if step == "claim":
        return Claim(name, token)
    if step == "keep":
        return Reserve(before.token_hash, "code")
    return Recover("code", token) if step == "recover" else Release()


def test_ones_own_name_written_otherwise_resembles_nobodys() -> None:
    book = NameIndex()
    book.put(stream_of("ada"), Name(1, "ada", "token"))
    assert book.lookalike_of("ADA") is None
    assert book.lookalike_of("\u0430da") == "ada"
