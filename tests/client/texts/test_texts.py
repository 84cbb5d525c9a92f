"""What the windows say."""

from __future__ import annotations

import dataclasses

import pytest
from msgspec.structs import replace

from client.desktop.model.base.cluster import Server, Takeover
from client.texts.games import board_size, brief_terms
from client.texts.headline import Headline, headline
from client.texts.lobby import online, players, state
from client.texts.phrases import ago
from client.texts.room import invitation, spectators
from tests.client.desktop.model.seen import row_like, seen
from tests.game.playing import joined, left, opened, played, resigned, started, watched, won_by_x
from wire import MAIN, REPLICATION

DRAWN = (0, 1, 2, 4, 3, 5, 7, 6, 8)


@pytest.mark.parametrize(
    ("room", "me", "text", "tone"),
    [
        (opened(), "eve", "Waiting for players", "quiet"),
        (joined(opened(), "ann"), "ann", "Waiting for an opponent", "quiet"),
        (started(), "ann", "Your turn", "you"),
        (started(), "bob", "ann is to move", "them"),
        (started(), "eve", "ann is to move", "them"),
        (left(started(), "ann"), "bob", "ann is to move — away, the seat is kept", "them"),
        (won_by_x(), "ann", "You won!", "won"),
        (won_by_x(), "bob", "ann won", "lost"),
        (won_by_x(), "eve", "ann won", "draw"),
        (played(started(), *DRAWN), "ann", "Draw", "draw"),
        (resigned(started(), "bob"), "ann", "You won — bob resigned", "won"),
        (resigned(started(), "bob"), "bob", "You resigned", "lost"),
        (resigned(started(), "bob"), "eve", "ann won — bob resigned", "draw"),
    ],
)
def test_the_headline_says_how_it_stands_to_whoever_looks(room, me: str, text: str, tone: str) -> None:  # type: ignore[no-untyped-def]
    assert headline(seen(room), me) == Headline(text, tone)  # type: ignore[arg-type]


def test_a_closed_room_says_so() -> None:
    assert headline(replace(seen(won_by_x()), phase="closed"), "ann").text == "This room is closed"


def test_who_watches() -> None:
    assert spectators(seen(started())) == "No spectators"
    assert spectators(seen(watched(started(), "eve", "ida"))) == "2 spectators: eve, ida"
    many = replace(seen(started()), spectators=tuple("abcdef"), spectator_count=1000)
    assert spectators(many) == "1000 spectators: a, b, c, d, e and 995 more"


def test_rows_of_the_lobby() -> None:
    row = row_like("abcd", "waiting", options={"width": 5, "height": 4, "in_a_row": 4}, players={"X": None, "O": "bob"})
    assert (players(row), state(row)) == ("bob", "free seat")
    assert board_size(row.options) == "5×4, 4 in a row"
    assert brief_terms(row) == "5×4"
    assert brief_terms(replace(row, options={"width": 5, "height": 5, "in_a_row": 4})) == "5×5, 4 in a row"
    assert brief_terms(replace(row, best_of=3, clock="1+2")) == "5×4 · best of 3 · 1+2"
    row = replace(row, phase="playing", players={"X": "ann", "O": "bob"}, game_number=3)
    assert (players(row), state(row)) == ("ann – bob", "game 3")
    assert state(replace(row, phase="finished")) == "finished"
    assert players(replace(row, players={"X": None, "O": None})) == "nobody yet"


def test_an_invitation_can_be_typed_as_it_is() -> None:
    assert invitation("localhost:1337", "abcd").endswith("python tictactoe.py --server localhost:1337 --room abcd")


def test_who_is_online() -> None:
    assert online((), 0) == ""
    assert online(("ann", "bob"), 2) == "2 online: ann, bob"
    assert online(("ann", "bob"), 7) == "7 online: ann, bob and 5 more"
    crowd = [f"somebody number {number}" for number in range(200)]
    assert online(crowd, 900).endswith("somebody number 2 and 897 more"), "it stays short"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0421, "42 ms"), (1.234, "1.2 s"), (12.3, "12 s"), (75.0, "1 min 15 s"), (7265.0, "2 h 01 min")],
)
def test_how_long_something_took(seconds: float, text: str) -> None:
    assert ago(seconds) == text


def test_a_server_in_words() -> None:
    main = Server(MAIN, "running", 12, 3, 61.0, 1, "in step", "")
    assert (main.word, main.is_well) == ("in sync", True)
    assert main.facts == ["pid 12", "up 1 min 01 s", "epoch 3", "1 room"]
    assert not dataclasses.replace(main, step="degraded").is_well
    gone = Server(REPLICATION, "stopped", None, None, None, None, None, "keeps dying (2 failed starts)")
    assert (gone.word, gone.is_well, gone.facts) == ("stopped", False, ["keeps dying (2 failed starts)"])
    assert Takeover(MAIN, 3.21, 0.0312).text == "Main server replaced in 31 ms, 3.2 s ago"
