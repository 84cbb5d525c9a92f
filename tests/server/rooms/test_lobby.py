"""The lobby and its cursors: whoever reads changes ends with the same rows, however it reads."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from game.errors import InvalidArgument
from server.rooms.lobby import BEGINNING, Lobby, LobbyChange, LobbyChanges, LobbyCursor, Row, cursor_from
from tests.examples import examples


def row(room: str, number: int = 0) -> Row:
    return {"room": room, "number": number}


class Reader:
    """Keeps a copy of a lobby by reading changes."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.cursor = BEGINNING

    def read(self, changes: LobbyChanges) -> None:
        if changes.reset:
            self.rows = {}
        for change in changes.changed:
            if change.row is None:
                self.rows.pop(change.room, None)
            else:
                self.rows[change.room] = change.row
        self.cursor = changes.cursor


def test_a_reader_sees_each_change_once() -> None:
    lobby = Lobby()
    lobby.put(LobbyChange(1, "a", row("a")))
    first = lobby.since(BEGINNING, 10)
    assert [change.room for change in first.changed] == ["a"]
    assert not lobby.has_news(first.cursor)
    lobby.put(LobbyChange(2, "b", row("b")))
    second = lobby.since(first.cursor, 10)
    assert [change.room for change in second.changed] == ["b"]
    assert not second.reset


def test_a_closed_room_is_told_to_whoever_may_have_seen_it() -> None:
    lobby = Lobby()
    lobby.put(LobbyChange(1, "a", row("a")))
    cursor = lobby.since(BEGINNING, 10).cursor
    lobby.put(LobbyChange(2, "a", None))
    assert lobby.since(cursor, 10).for_clients()["gone"] == ["a"]


def test_a_cursor_of_another_log_begins_anew() -> None:
    lobby = Lobby()
    lobby.put(LobbyChange(1, "a", row("a")))
    changes = lobby.since(LobbyCursor(99, 99), 10)
    assert changes.reset
    assert [change.room for change in changes.changed] == ["a"]


@pytest.mark.parametrize("text", ["x", "1", "1-", "-1", "1-2-3", "1-2\n", "٣-٤", "1" * 30 + "-1"])
def test_a_cursor_that_the_lobby_never_gave_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        cursor_from(text)


def test_a_cursor_is_read_back_from_its_text() -> None:
    assert cursor_from(str(LobbyCursor(12, 34))) == LobbyCursor(12, 34)
    assert cursor_from("") == BEGINNING


@settings(max_examples=examples(200), deadline=None)
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("put"), st.sampled_from("abcdefgh"), st.integers(0, 3)),
            st.tuples(st.just("close"), st.sampled_from("abcdefgh"), st.just(0)),
            st.tuples(st.just("read"), st.sampled_from("xy"), st.integers(1, 3)),
        ),
        max_size=60,
    ),
    kept=st.integers(0, 3),
)
def test_readers_that_read_in_pages_end_with_the_same_rows(steps: list[tuple[str, str, int]], kept: int) -> None:
    lobby = Lobby()
    readers = {"x": Reader(), "y": Reader()}
    for revision, (step, name, number) in enumerate(steps, 1):
        if step == "put":
            lobby.put(LobbyChange(revision, name, row(name, number)))
        elif step == "close":
            lobby.put(LobbyChange(revision, name, None))
            lobby.forget_closed(but=kept)
        else:
            readers[name].read(lobby.since(readers[name].cursor, number))
    for reader in readers.values():
        for _ in range(100):
            changes = lobby.since(reader.cursor, 2)
            reader.read(changes)
            if not changes.more:
                break
        assert reader.rows == lobby.rows
