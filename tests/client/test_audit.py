"""The audit finds what was lost, doubled or out of order, and nothing else."""

from __future__ import annotations

import pytest

from client.audit import AckedMove, RoomHistory, audit
from game.events import Created, Event, Finished, Moved, Seated, Started

EVENTS: list[tuple[int, Event]] = list(
    enumerate(
        [
            Created("ada", "r1", "room", "t", "tictactoe", {}),
            Seated("ada", "r2", "X"),
            Seated("bob", "r3", "O"),
            Started("bob", "r3", "ada", "bob", 1),
            Moved("ada", "r4", "X", 0),
            Moved("bob", "r5", "O", 4),
            Moved("ada", "r6", "X", 1),
            Finished("ada", "r6", "line", "X", (0, 1, 2)),
        ],
        1,
    )
)
ACKED = [AckedMove("ada", "r4", "X", 0, 5), AckedMove("bob", "r5", "O", 4, 6), AckedMove("ada", "r6", "X", 1, 8)]


@pytest.fixture
def history() -> RoomHistory:
    return RoomHistory(list(ACKED), {"w1": list(EVENTS), "w2": EVENTS[2:]}, 0, list(EVENTS))


def findings(history: RoomHistory) -> tuple[int, int, int]:
    found = audit({"room": history})
    return len(found.lost), len(found.doubled), len(found.out_of_order)


def test_a_good_history_is_clean(history: RoomHistory) -> None:
    found = audit({"room": history})
    assert found.clean
    assert found.acked == 3


def test_a_history_that_ends_before_the_last_move_was_seen_is_clean(history: RoomHistory) -> None:
    history.watchers["w1"] = EVENTS[:3]
    assert findings(history) == (0, 0, 0)


def test_an_acknowledged_move_that_is_not_there_is_lost(history: RoomHistory) -> None:
    history.acked.append(AckedMove("bob", "r9", "O", 5, 9))
    assert findings(history) == (1, 0, 0)


@pytest.mark.parametrize(
    "acked",
    [
        AckedMove("bob", "r4", "X", 0, 5),
        AckedMove("ada", "r4", "O", 0, 5),
        AckedMove("ada", "r4", "X", 3, 5),
        AckedMove("ada", "r4", "X", 0, 6),
    ],
)
def test_a_move_that_is_there_as_another_is_lost(history: RoomHistory, acked: AckedMove) -> None:
    history.acked[0] = acked
    assert findings(history) == (1, 0, 0)


def test_a_request_that_made_two_moves_is_doubled(history: RoomHistory) -> None:
    again = (9, Moved("bob", "r5", "O", 8))
    history.final.append(again)
    history.acked[1] = AckedMove("bob", "r5", "O", 8, 9)
    assert findings(history)[1] == 1


def test_a_version_that_was_missed_or_came_twice_is_out_of_order(history: RoomHistory) -> None:
    history.watchers["w1"] = [*EVENTS[:3], *EVENTS[4:]]
    assert findings(history) == (0, 0, 1)
    history.watchers["w1"] = [*EVENTS[:3], EVENTS[2], *EVENTS[3:]]
    assert findings(history) == (0, 0, 1)


def test_a_watcher_who_saw_something_else_is_out_of_order(history: RoomHistory) -> None:
    history.watchers["w2"][3] = (6, Moved("bob", "r5", "O", 5))
    assert findings(history) == (0, 0, 1)


def test_something_seen_that_is_later_not_there_is_out_of_order(history: RoomHistory) -> None:
    history.watchers["w2"].append((9, Moved("bob", "r7", "O", 5)))
    assert findings(history) == (0, 0, 1)


@pytest.mark.parametrize("begins_at", [2, 4, 9])
def test_a_final_history_without_its_beginning_is_told(history: RoomHistory, begins_at: int) -> None:
    history.acked, history.watchers, history.final = [], {}, EVENTS[begins_at - 1 :]
    assert findings(history) == (0, 0, 1)


def test_a_gap_is_out_of_order(history: RoomHistory) -> None:
    history.gaps = 1
    assert findings(history) == (0, 0, 1)
