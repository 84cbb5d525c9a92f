"""Whose a username is: claimed, is_reserved, recovered with another token, let go. The machine alone."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.accounts import names
from game.accounts.name_events import EVENTS, Claimed, Event, Recovered, Released, Reserved
from game.accounts.names import NOBODY, REMEMBERED, Claim, Name, Recover, Release, Reserve, may_be_released
from game.errors import BadToken, InvalidArgument, NameTaken, NotAllowed, Refusal, WrongCode
from tests.game.playing import JUNK, UNTIMED

MINE = Claim("Ann", "token-1")
KEPT = Reserve("token-1", "code-1")


def after(*commands: names.Command, state: Name = NOBODY) -> Name:
    """The name after these commands."""
    for command in commands:
        for event in names.decide(state, command):
            state = names.evolve(state, event)
    return state


def test_a_name_that_is_kept_has_a_code_and_is_never_let_go() -> None:
    state = after(MINE, KEPT)
    assert state == Name(2, "Ann", "token-1", "code-1")
    with pytest.raises(NotAllowed):
        names.decide(state, Release())


def test_only_the_owner_can_keep_it() -> None:
    for state in (NOBODY, after(MINE)):
        with pytest.raises(BadToken):
            names.decide(state, Reserve("token-2", "code-1"))


def test_keeping_it_again_with_the_same_code_changes_nothing() -> None:
    assert names.decide(after(MINE, KEPT), KEPT) == ()


def test_a_new_code_takes_the_place_of_the_old_one_for_good() -> None:
    state = after(MINE, KEPT, Reserve("token-1", "code-2"))
    with pytest.raises(WrongCode):
        names.decide(state, Recover("code-1", "token-2"))
    with pytest.raises(InvalidArgument, match="new one"):
        names.decide(state, KEPT)
    assert names.decide(state, Recover("code-2", "token-2")) == (Recovered("token-2"),)


def test_whoever_has_the_code_gets_the_name_and_the_old_token_is_nobodys() -> None:
    state = after(MINE, KEPT, Recover("code-1", "token-2"))
    assert (state.name, state.token_hash, state.is_reserved) == ("Ann", "token-2", True)
    with pytest.raises(NameTaken):
        names.decide(state, MINE)
    with pytest.raises(BadToken):
        names.decide(state, Reserve("token-1", "code-3"))
    assert names.decide(state, Claim("ann", "token-2")) == ()


def test_the_code_stays_good_but_a_token_that_had_the_name_has_no_way_back() -> None:
    first = Recover("code-1", "token-2")
    state = after(MINE, KEPT, first)
    assert names.decide(state, first) == (), "a retry"
    state = after(Recover("code-1", "token-3"), state=state)
    with pytest.raises(InvalidArgument, match="new one"):
        names.decide(state, first)
    with pytest.raises(InvalidArgument, match="new one"):
        names.decide(state, Recover("code-1", "token-1"))


@pytest.mark.parametrize("state", [NOBODY, after(MINE), after(MINE, KEPT), after(MINE, Release())])
def test_a_wrong_code_recovers_nothing(state: Name) -> None:
    for code in ("code-2", ""):
        with pytest.raises(WrongCode):
            names.decide(state, Recover(code, "token-2"))


def test_a_name_that_was_let_go_is_the_next_one_s_and_its_version_goes_on() -> None:
    state = after(MINE, Release())
    assert state == Name(2, "", "")
    assert not state.is_owned
    assert names.decide(state, Release()) == ()
    assert after(Claim("ANN", "token-2"), state=state) == Name(3, "ANN", "token-2")
    assert after(MINE, state=state) == Name(3, "Ann", "token-1"), "or the old one's again"


def test_what_is_remembered_of_a_name_is_bounded() -> None:
    state = after(MINE)
    for number in range(2 * REMEMBERED):
        state = after(Reserve(state.token_hash, f"c{number}"), Recover(f"c{number}", f"t{number}"), state=state)
    assert len(state.former_codes) == len(state.former_tokens) == REMEMBERED


@pytest.mark.parametrize(
    ("state", "seated", "inactive_s", "free"),
    [
        (after(MINE), False, 10.1, True),
        (after(MINE), False, 10.0, False),
        (after(MINE), True, 99.0, False),
        (after(MINE, KEPT), False, 99.0, False),
        (after(MINE, KEPT, Recover("code-1", "token-2")), False, 99.0, False),
        (NOBODY, False, 99.0, False),
    ],
)
def test_held_is_who_was_heard_of_sits_in_a_room_or_kept_it(
    state: Name, seated: bool, inactive_s: float, free: bool
) -> None:
    assert may_be_released(state, seated=seated, inactive_s=inactive_s, grace_s=10.0) is free


OF_EACH_KIND: tuple[Event, ...] = (Claimed("Ann", "t"), Reserved("c"), Recovered("u"), Released())


@pytest.mark.parametrize("event", OF_EACH_KIND)
def test_events_come_back_from_the_disk(event: Event) -> None:
    assert EVENTS.from_plain(json.loads(json.dumps({**EVENTS.to_plain(event), "unknown": 1}))) == event


def test_states_come_back_from_the_disk_also_those_from_before_names_could_be_kept() -> None:
    full = after(MINE, KEPT, Reserve("token-1", "code-2"), Recover("code-2", "token-2"))
    for state in (NOBODY, after(MINE), after(MINE, Release()), full):
        assert names.STATES.from_plain(json.loads(json.dumps(names.STATES.to_plain(state)))) == state
    assert names.STATES.from_plain({"version": 1, "name": "Ann", "token_hash": "t"}) == Name(1, "Ann", "t")


@UNTIMED
@given(JUNK)
def test_junk_is_no_event(junk: object) -> None:
    for plain in ({"kind": "is_reserved", "code_hash": None}, {"kind": junk}, {"kind": "recovered"}):
        with pytest.raises(InvalidArgument):
            EVENTS.from_plain(plain)


COMMANDS = st.one_of(
    st.builds(Claim, st.sampled_from(["Ann", "ANN"]), st.sampled_from("tuv")),
    st.builds(Reserve, st.sampled_from("tuv"), st.sampled_from("cde")),
    st.builds(Recover, st.sampled_from("cde"), st.sampled_from("tuv")),
    st.builds(Release),
)


@UNTIMED
@given(st.lists(COMMANDS, max_size=30))
def test_whatever_is_asked_a_name_changes_hands_by_its_code_or_after_it_was_let_go(
    commands: list[names.Command],
) -> None:
    state = NOBODY
    for command in commands:
        before = state
        try:
            events = names.decide(state, command)
        except Refusal:
            continue
        for event in events:
            state = names.evolve(state, event)
        assert state.version == before.version + len(events)
        assert before.is_reserved <= (state.is_owned and state.is_reserved)
        if before.is_owned and state.is_owned and state.token_hash != before.token_hash:
            assert isinstance(command, Recover)
            assert command.code_hash == before.code_hash
        again = [names.decide(state, command)] if not isinstance(command, Release) else []
        assert again in ([()], []), "asked again it changes nothing"
