"""What the log tells of what is committed, without a cluster."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from game.accounts.name_events import Claimed
from game.accounts.names import Claim, Recover, Release, Reserve
from game.cluster_state import Drain, Tick
from game.context import Context
from game.errors import CellTaken
from game.forms.event_codec import from_plain, to_plain
from game.rooms.commands import SYSTEM, Due, Move
from game.rooms.events import Closed, Created, Finished, Moved, Started
from server.commit.commit import Submission
from server.log.batch import Batch
from server.log.entries import Entry
from server.log.name_stream import name_stream
from server.log.room_stream import room_stream
from server.log.service_stream import THE_SERVICE
from server.main import commit_observer
from server.main.commit_observer import CommitObserver
from server.telemetry import logs
from server.telemetry.counters import CommitCounts

ROOM = room_stream("abcd")
SECRET = "f" * 64
ALL = (
    Created("ada", "request1", "abcd", "a title", "tictactoe", {"width": 3}),
    Started("bob", "request2", "ada", "bob", 1),
    Moved("ada", "request3", "X", 0),
    Finished("ada", "request3", "line", "X", (0, 1, 2)),
    Closed("ada", "request4"),
)


def batch_of(*events: Any, stream: str = ROOM) -> Batch:
    batch = Batch(Context())
    for number, event in enumerate(events, 1):
        batch.entries.append(Entry(number, 1, stream, number, ""))
        batch.events.append(event)
    return batch


@pytest.fixture
def as_json() -> Iterator[None]:
    """Logs as the main server has them, and afterwards as they were."""
    import logging
    import sys
    import threading

    import structlog

    hooks, handlers = (sys.excepthook, threading.excepthook), logging.getLogger().handlers[:]
    logs.set_up("main_server", "debug", "json")
    yield
    structlog.reset_defaults()
    sys.excepthook, threading.excepthook = hooks
    logging.captureWarnings(False)
    logging.getLogger().handlers[:] = handlers


def lines_of(capsys: pytest.CaptureFixture[str]) -> list[Mapping[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


@pytest.mark.usefixtures("as_json")
def test_rooms_and_games_are_told_of_with_room_and_request(capsys: pytest.CaptureFixture[str]) -> None:
    counts = CommitCounts()
    saw = CommitObserver(counts, every_command=True)
    saw.published(batch_of(*ALL))
    assert capsys.readouterr().err == "", "whoever commits does not write"
    saw.write()
    lines = lines_of(capsys)
    assert [(line["event"], line["request_id"], line["level"]) for line in lines] == [
        ("room opened", "request1", "info"),
        ("game started", "request2", "debug"),
        ("game finished", "request3", "info"),
        ("room closed", "request4", "info"),
    ]
    assert {line["room"] for line in lines} == {"abcd"}
    assert {line["role"] for line in lines} == {"main_server"}
    assert all(line["timestamp"].endswith("Z") for line in lines)
    saw.write()
    assert lines_of(capsys) == [], "once"
    assert counts.events == {"created": 1, "started": 1, "moved": 1, "finished": 1, "closed": 1}
    assert counts.terminations == {"line": 1}
    assert counts.commits == 1


@pytest.mark.usefixtures("as_json")
def test_at_info_commands_and_beginnings_are_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    saw = CommitObserver(CommitCounts(), every_command=False)
    order = Submission(ROOM, Move("ada", "request1", 0))
    order.answer = {"version": 5, "seat": "X"}
    saw.batch_committed([order], 0.001)
    saw.published(batch_of(*ALL))
    saw.write()
    assert [line["event"] for line in lines_of(capsys)] == ["room opened", "game finished", "room closed"]


@pytest.mark.usefixtures("as_json")
def test_commands_are_told_of_with_what_became_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    counts = CommitCounts()
    saw = CommitObserver(counts, every_command=True)
    good, bad = (Submission(ROOM, Move("ada", request, 0)) for request in ("request1", "request2"))
    good.answer, bad.error = {"version": 5, "seat": "X"}, CellTaken("the cell is not empty")
    claim = Submission(name_stream("eve"), Claim("eve", SECRET))
    claim.answer = {"name": "eve"}
    saw.batch_committed([good, bad, claim], 0.001)
    saw.batch_committed([], 0.001)
    saw.published(batch_of(Claimed("eve", SECRET), stream=name_stream("eve")))
    saw.write()
    told = capsys.readouterr().err
    assert SECRET not in told
    first, second, third = [json.loads(line) for line in told.splitlines()]
    assert (first["event"], first["command"], first["room"], first["request_id"], first["version"]) == (
        *("command applied", "move", "abcd"),
        *("request1", 5),
    )
    assert (second["event"], second["request_id"], second["code"]) == ("command refused", "request2", "cell_taken")
    assert (third["command"], third["by"]) == ("claim", "eve")
    assert (sum(counts.commands.counts), counts.commands.total) == (1, 3.0)
    assert counts.events == {"claimed": 1}


@pytest.mark.usefixtures("as_json")
@pytest.mark.parametrize(
    ("stream", "command"),
    [
        (name_stream("eve"), Claim("eve", SECRET)),
        (name_stream("eve"), Reserve(SECRET, SECRET)),
        (name_stream("eve"), Recover(SECRET, SECRET)),
        (name_stream("eve"), Release()),
        (THE_SERVICE, Tick()),
        (THE_SERVICE, Drain(on=True)),
        (ROOM, Due(SYSTEM, "request1")),
    ],
)
def test_every_command_can_be_told_of(stream: str, command: Any, capsys: pytest.CaptureFixture[str]) -> None:
    saw = CommitObserver(CommitCounts(), every_command=True)
    order = Submission(stream, command)
    order.answer = {}
    saw.batch_committed([order], 0.001)
    saw.write()
    told = capsys.readouterr().err
    assert SECRET not in told
    assert json.loads(told)["command"] == type(command).__name__.lower()


@pytest.mark.usefixtures("as_json")
def test_lines_that_nobody_writes_are_bounded(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit_observer, "MOST_LINES", 3)
    saw = CommitObserver(CommitCounts(), every_command=False)
    for _ in range(5):
        saw.published(batch_of(ALL[0]))
    saw.write()
    *told, last = lines_of(capsys)
    assert len(told) == 3
    assert (last["event"], last["lines"]) == ("log lines dropped", 2)


def test_every_kind_of_event_has_a_name() -> None:
    counts = CommitCounts()
    saw = CommitObserver(counts, every_command=False)
    events = [from_plain({**to_plain(event)}) for event in ALL]
    saw.published(batch_of(*events))
    assert set(counts.events) == {event.kind for event in ALL}
