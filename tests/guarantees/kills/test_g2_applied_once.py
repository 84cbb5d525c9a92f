"""G2: a retry after a lost answer returns the first answer, also when another main server gives it."""

from __future__ import annotations

from pathlib import Path

import pytest

from client.room import new_request_id
from game.errors import NotYourTurn
from game.rooms.remembered_requests import REMEMBERED_REQUESTS
from server.control.cluster import ClusterControl
from tests.conditions import wait_until
from tests.conftest import Game
from wire import MAIN


def test_g2_a_retry_gets_the_first_answer(game: Game) -> None:
    request = new_request_id()
    first = game.x.move(0, request_id=request)
    game.o.move(3)
    assert game.x.move(0, request_id=request) == first
    assert [move for _, move in game.x.view().moves] == [0, 3]


def test_g2_a_copy_that_comes_after_many_other_requests_changes_nothing(game: Game) -> None:
    request = new_request_id()
    first = game.x.move(0, request_id=request)
    for _ in range(REMEMBERED_REQUESTS):
        game.x.leave()
        game.x.join()
    game.o.move(3)
    assert game.x.move(0, request_id=request) == first
    assert [move for _, move in game.x.view().moves] == [0, 3]
    game.play(1, 4)
    game.x.resign()
    game.x.rematch()
    game.o.rematch()
    assert game.x.move(0, request_id=request) == first, "this cell is free in the next game"
    assert game.x.view().moves == ()


def test_g2_a_retry_after_a_takeover_gets_the_first_answer(cluster: ClusterControl, game: Game) -> None:
    request = new_request_id()
    first = game.x.move(0, request_id=request)
    cluster.kill(MAIN)
    assert game.x.move(0, request_id=request) == first
    assert [move for _, move in game.x.view().moves] == [0]
    wait_until(cluster.is_whole)


def test_g2_every_kind_of_command_can_be_retried(cluster: ClusterControl, game: Game) -> None:
    title_request, requests = new_request_id(), [new_request_id() for _ in range(6)]
    room = game.ada.create("again", request_id=title_request)
    other = game.bob.room(room.id)
    commands = [
        lambda: room.join(request_id=requests[0]),
        lambda: other.join(request_id=requests[1]),
        lambda: room.resign(request_id=requests[2]),
        lambda: room.rematch(request_id=requests[3]),
        lambda: room.leave(request_id=requests[4]),
    ]
    first = [command() for command in commands]
    version = other.view().version
    cluster.kill(MAIN)
    assert game.ada.create("again", request_id=title_request).id == room.id
    assert [command() for command in commands] == first
    assert other.view().version == version


def test_g2_a_retried_closing_is_answered_though_the_room_is_closed(cluster: ClusterControl, game: Game) -> None:
    room = game.ada.create("closing")
    request = new_request_id()
    first = room.close(request_id=request)
    cluster.kill(MAIN)
    assert room.close(request_id=request) == first


def test_g2_without_the_memory_of_requests_a_retry_is_not_known(game: Game, faults: Path) -> None:
    """The rule broken on purpose: what the other tests see is the memory's doing, not luck."""
    request = new_request_id()
    game.x.move(0, request_id=request)
    (faults / "forget_request_ids").touch()
    try:
        with pytest.raises(NotYourTurn):
            game.x.move(0, request_id=request)
    finally:
        (faults / "forget_request_ids").unlink()
