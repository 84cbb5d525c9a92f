"""While the cluster is being emptied: what runs comes to its end, and nothing begins."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from game import cluster_state
from game.cluster_state import AT_FIRST, ClusterState, Drain, Tick
from game.context import Context
from game.errors import Draining, GameStillRunning, NoSuchRoom, RoomClosed
from game.games.registry import short_list
from game.match.selection import Proposal
from game.rooms.commands import (
    SYSTEM,
    Close,
    Command,
    Create,
    Due,
    Join,
    Leave,
    Match,
    Move,
    Propose,
    Rematch,
    Resign,
    Say,
)
from game.rooms.drain_rules import is_played
from game.rooms.state import Room, nothing
from tests.game.playing import (
    after,
    decided,
    evolved,
    joined,
    left,
    opened,
    played,
    request,
    started,
    watched,
    won_by_x,
)

DRAINING = Context(draining=True)


def in_series(best_of: int = 3) -> Room:
    room = after(nothing("abcd"), Create("ann", request(), "A series", "tictactoe", {}, best_of))
    return joined(room, "ann", "bob")


MATCH = Match("", "m" * 8, "tictactoe", ("ann", "bob"), short_list("tictactoe"), False)
PROPOSAL = Proposal(MATCH.choices.boards[0], MATCH.choices.best_ofs[0], MATCH.choices.clocks[0])
SELECTING = after(nothing("abcd"), MATCH)


def refused(room: Room, command: Command) -> bool:
    """Whether draining, and nothing else, keeps it from being carried out."""
    assert decided(room, command)
    try:
        return not decided(room, command, DRAINING)
    except Draining:
        return True


@pytest.mark.parametrize(
    ("room", "command"),
    [
        (nothing("abcd"), Create("ann", "r" * 8, "A table", "tictactoe", {})),
        (nothing("abcd"), MATCH),
        (opened(), Join("ann", "r" * 8, "player")),
        (joined(opened(), "ann"), Join("bob", "r" * 8, "player")),
        (watched(joined(opened(), "ann"), "cid"), Join("cid", "r" * 8, "player")),
        (won_by_x(), Rematch("ann", "r" * 8)),
        (after(in_series(1), Resign("bob", "r" * 8)), Rematch("ann", "s" * 8)),
    ],
    ids=["a room", "a match", "a first seat", "a second seat", "a watcher's seat", "a rematch", "a new series"],
)
def test_nothing_begins(room: Room, command: Command) -> None:
    assert refused(room, command)


@pytest.mark.parametrize(
    ("room", "command"),
    [
        (SELECTING, Propose("ann", "r" * 8, PROPOSAL._asdict())),
        (started(), Move("ann", "r" * 8, 0)),
        (started(), Resign("ann", "r" * 8)),
        (started(), Say("ann", "r" * 8, "good bye")),
        (left(started(), "ann"), Join("ann", "r" * 8, "player")),
        (started(), Join("cid", "r" * 8, "player")),
        (opened(), Join("cid", "r" * 8, "spectator")),
        (started(), Leave("ann", "r" * 8)),
        (after(in_series(3), Resign("bob", "r" * 8)), Rematch("ann", "s" * 8)),
    ],
    ids=[
        "a proposal",
        "move",
        "resign",
        "talk",
        "come back",
        "watch a full room",
        "watch",
        "leave",
        "the next game of a series",
    ],
)
def test_what_runs_goes_on(room: Room, command: Command) -> None:
    assert not refused(room, command)


def test_a_series_that_is_not_decided_goes_on_by_itself() -> None:
    room = after(in_series(3), Resign("bob", request()))
    due_at = room.due_at
    assert due_at is not None
    room = evolved(room, decided(room, Due(SYSTEM, request()), Context(at=due_at, draining=True)))
    assert room.phase == "playing"


def test_other_reasons_are_said_first() -> None:
    with pytest.raises(NoSuchRoom):
        decided(nothing("abcd"), Join("ann", request(), "player"), DRAINING)
    with pytest.raises(GameStillRunning):
        decided(started(), Rematch("ann", request()), DRAINING)
    closed = after(opened(), Close("ann", request()))
    with pytest.raises(RoomClosed):
        decided(closed, Join("ann", request(), "player"), DRAINING)


@pytest.mark.parametrize(
    ("room", "waited_for"),
    [
        (opened(), False),
        (joined(opened(), "ann"), False),
        (started(), True),
        (left(started(), "ann"), True),
        (left(started(), "ann", "bob"), False),
        (SELECTING, True),
        (left(after(nothing("abcd"), replace(MATCH, bots=("bob",))), "ann"), False),
        (won_by_x(), False),
        (in_series(3), True),
        (after(in_series(3), Resign("bob", "r" * 8)), True),
        (left(after(in_series(3), Resign("bob", "r" * 8)), "ann", "bob"), False),
        (after(in_series(1), Resign("bob", "r" * 8)), False),
    ],
)
def test_a_game_is_waited_for_while_one_of_its_players_is_there(room: Room, waited_for: bool) -> None:
    assert is_played(room) is waited_for


def test_a_won_game_is_waited_for_no_more() -> None:
    assert is_played(played(started(), 0, 3, 1, 4))
    assert not is_played(played(started(), 0, 3, 1, 4, 2))


def drained(state: ClusterState, command: Drain | Tick, at: int = 0) -> ClusterState:
    for event in cluster_state.decide(state, command, Context(at=at)):
        state = cluster_state.evolve(state, cluster_state.EVENTS.from_plain(cluster_state.EVENTS.to_plain(event)))
    return state


def test_draining_begins_changes_its_deadline_and_is_called_off() -> None:
    state = drained(AT_FIRST, Drain(True, 1000))
    assert cluster_state.drain_notice(state) == {"until": 1000}
    again = drained(state, Drain(True, 1000))
    assert again == state
    state = drained(drained(state, Tick(), at=5), Drain(True, None))
    assert cluster_state.drain_notice(state) == {"until": None}
    assert cluster_state.drain_notice(drained(state, Drain(False, 99))) is None
