"""Who may come into a room: invite codes, locks, and who was removed."""

from __future__ import annotations

import pytest
from hypothesis import given

from game.errors import NotAllowed, NotInvited
from game.rooms.access import MOST_REMOVED, OPEN, Access, check_may_enter, check_may_watch, without
from tests.game.playing import TEXTS, UNTIMED

PRIVATE = Access("c0ffee")


def test_everybody_may_come_into_an_open_room() -> None:
    check_may_enter(OPEN, "cleo", "")
    check_may_enter(OPEN, "cleo", "whatever")
    check_may_watch(OPEN)


def test_a_private_room_wants_its_code() -> None:
    check_may_enter(PRIVATE, "cleo", "c0ffee")
    for code in ("", "C0FFEE", "c0ffee ", "c0ffe"):
        with pytest.raises(NotInvited):
            check_may_enter(PRIVATE, "cleo", code)


@UNTIMED
@given(TEXTS)
def test_any_other_text_is_a_wrong_code_and_breaks_nothing(code: str) -> None:
    with pytest.raises(NotInvited):
        check_may_enter(PRIVATE, "cleo", code)


def test_who_was_removed_does_not_come_back_with_the_code_either() -> None:
    entry = without(PRIVATE, "cleo")
    with pytest.raises(NotAllowed):
        check_may_enter(entry, "cleo", "c0ffee")
    check_may_enter(entry, "dan", "c0ffee")


def test_a_locked_room_takes_nobody_to_watch() -> None:
    with pytest.raises(NotAllowed):
        check_may_watch(OPEN._replace(locked=True))


def test_of_very_many_removed_the_first_may_come_back() -> None:
    entry = OPEN
    for number in range(MOST_REMOVED + 1):
        entry = without(entry, f"guest{number}")
    assert len(entry.removed) == MOST_REMOVED
    check_may_enter(entry, "guest0", "")
    for number in (1, MOST_REMOVED):
        with pytest.raises(NotAllowed):
            check_may_enter(entry, f"guest{number}", "")
