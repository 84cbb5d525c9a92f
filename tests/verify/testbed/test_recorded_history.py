"""What is written down while people play is there whoever is killed, and is read back as a history."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from game.errors import NotYourTurn
from game.rooms.commands import Create, Join, Move
from game.rooms.events import Created, Moved
from server.settings import ROOT
from verify.history.record import AnsweredCall, ObservedView, RefusedCall, Seen
from verify.testbed.history_file import HistoryWriter, read_histories
from wire.errors import StorageFailed

MOVE = Move("ada", "request-1", 4)
WRITER = """
import sys
from pathlib import Path
from game.rooms.commands import Move
from verify.history.record import AnsweredCall
from verify.testbed.history_file import HistoryWriter
recorder = HistoryWriter(Path(sys.argv[1]))
with recorder.call("ada@0.1", "room", Move("ada", "request-1", 4)) as record_answer:
    record_answer(AnsweredCall(7, "X"))
with recorder.call("ada@0.1", "room", Move("ada", "request-2", 5)):
    print("written", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "0-1.jsonl"


def test_what_a_killed_process_wrote_is_there_and_its_open_call_stays_open(file: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(file)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "written\n"
        writer.kill()
    assert writer.returncode == -signal.SIGKILL
    recorded = read_histories([file])
    answered, left_open = recorded.rooms["room"].calls
    assert (answered.operation, answered.answer) == (MOVE, AnsweredCall(7, "X"))
    assert answered.answered_at is not None
    assert answered.sent_at <= answered.answered_at
    assert (left_open.operation, left_open.answered_at) == (Move("ada", "request-2", 5), None)
    assert recorded.accepted == [(answered.sent_at, answered.answered_at)]
    assert recorded.unanswered == {"killed": 1}


def test_a_torn_last_line_counts_as_not_written(file: Path) -> None:
    recorder = HistoryWriter(file)
    with recorder.call("ada@0.1", "room", MOVE) as record_answer:
        record_answer(AnsweredCall(7, "X"))
    file.write_bytes(file.read_bytes()[:-5])
    (call,) = read_histories([file]).rooms["room"].calls
    assert (call.operation, call.answer, call.answered_at) == (MOVE, None, None)


def test_refusals_looks_and_unknown_answers_are_read_back_as_what_they_were(file: Path) -> None:
    recorder = HistoryWriter(file)
    seen = Seen(7, "playing", (("X", 4), ("O", 0)))
    with pytest.raises(NotYourTurn), recorder.call("ada@0.1", "room", MOVE):
        raise NotYourTurn("it is the turn of O")
    with recorder.call("bob@1.1", "room", ObservedView("bob")) as record_answer:
        record_answer(seen)
    with pytest.raises(StorageFailed), recorder.call("ada@0.1", "room", MOVE):
        raise StorageFailed("the disk is full")
    refused, look, unknown = read_histories([file]).rooms["room"].calls
    assert refused.answer == RefusedCall("not_your_turn")
    assert (look.operation, look.answer) == (ObservedView("bob"), seen)
    assert (unknown.answer, unknown.answered_at) == (None, None)


def test_what_a_spectator_saw_is_its_own_however_often_it_is_told(file: Path) -> None:
    recorder = HistoryWriter(file)
    first, second = Moved("ada", "r1", "X", 4), Moved("bob", "r2", "O", 0)
    recorder.record_events("eve@2.1/1", "room", [(4, first)], gap=False)
    recorder.record_events("eve@2.1/1", "room", [(5, second)], gap=True)
    history = read_histories([file]).rooms["room"]
    assert history.spectators == {"eve@2.1/1": [(4, first), (5, second)]}
    assert history.gaps == 1


def test_a_room_that_was_opened_without_an_answer_gets_its_call_once_it_is_found(file: Path) -> None:
    recorder = HistoryWriter(file)
    with recorder.call("ada@0.1", None, Create("ada", "request-1", "t1 5", "tictactoe", {})):
        pass
    with recorder.call("ada@0.1", "room", Join("ada", "request-2", "player")):
        pass
    recorded = read_histories([file])
    assert [call.operation.request_id for call in recorded.without_room if isinstance(call.operation, Create)] == [
        "request-1"
    ]
    recorded.rooms["room"].final = [(1, Created("ada", "request-1", "room", "t1 5", "tictactoe", {}))]
    recorded.assign_rooms()
    assert recorded.without_room == []
    assert len(recorded.rooms["room"].calls) == 2


def test_surprises_are_told(file: Path) -> None:
    HistoryWriter(file).record_surprise("ada@0.1", "bad_token: this token belongs to nobody")
    assert read_histories([file]).surprises == ["ada@0.1: bad_token: this token belongs to nobody"]


def test_a_call_is_written_before_it_is_sent(file: Path) -> None:
    with HistoryWriter(file).call("ada@0.1", "room", MOVE):
        (call,) = read_histories([file]).rooms["room"].calls
    assert call.operation == MOVE
