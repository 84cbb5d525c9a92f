"""Group commit with real threads and a real journal: one history, whoever comes at the same time."""

from __future__ import annotations

import contextlib
import gc
import threading
import traceback
import tracemalloc
import weakref
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from game.context import Limits
from game.errors import CellTaken, NotYourTurn, Refusal
from game.rooms.commands import Create, Join, Leave, Move
from game.rooms.remembered_requests import REMEMBERED_ABSENT, REMEMBERED_REQUESTS
from game.rooms.state import Room
from server.commit.commit import Commit, Submission
from server.commit.group_commit import Committer
from server.log.entries import Entry, Epoch
from server.log.journal.file import open_journal
from server.log.room_stream import room_stream
from server.log.streams import Streams
from server.rooms.room_store import RoomStore
from server.runtime.effects import Effects, run_effects
from server.runtime.failpoints import Failpoints
from tests.small_disk import full_disk
from wire.errors import Fenced, StorageFailed
from wire.later import now

ROOM = room_stream("abcd")


class Replication:
    """Replication without a replica. It counts batches; a test can hold or refuse them."""

    epoch = 1

    def __init__(self) -> None:
        self.batches: list[list[Entry]] = []
        self.may_go = threading.Event()
        self.may_go.set()
        self.fenced = False

    def replicate(self, entries: Sequence[Entry]) -> Effects[bool]:
        self.may_go.wait()
        self.batches.append(list(entries))
        return not self.fenced
        yield


class Desk:
    """A committer with all it needs."""

    def __init__(self, folder: Path) -> None:
        streams = Streams(Limits(people=100))
        self.journal = open_journal(folder / "journal.db")
        self.journal.begin_term(Epoch(1, "me"))
        self.store = RoomStore(streams, self.journal, lambda _room: None)
        self.replication = Replication()
        self.stepped_down: list[str] = []
        self.commit = Commit(streams, self.store, self.journal, self.replication, Failpoints(""), self.store.context)
        self.committer = Committer(self.commit, self.run, step_down=self.stepped_down.append)

    def run(self, effects: Effects[None]) -> None:
        run_effects(effects, lambda effect: pytest.fail(f"nobody here can {effect}"))

    def do(self, command: Any) -> Mapping[str, object]:
        answer: Mapping[str, object] = now(self.committer.submit(ROOM, command))
        return answer

    @property
    def room(self) -> Room:
        room: Room = self.store.state_of(ROOM)
        return room


@pytest.fixture
def command_service(tmp_path: Path) -> Desk:
    command_service = Desk(tmp_path)
    command_service.do(Create("ada", "create-1", "t", "tictactoe", {}))
    command_service.do(Join("ada", "join-ada", "player"))
    command_service.do(Join("bob", "join-bob", "player"))
    return command_service


def in_threads(count: int, work: Callable[[int], object]) -> list[object]:
    def guarded(number: int) -> object:
        try:
            return work(number)
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(guarded, range(count)))


def test_an_answer_speaks_of_what_is_in_the_journal(command_service: Desk) -> None:
    answer = command_service.do(Move("ada", "move-1", 4))
    assert answer == {"version": command_service.journal.copy(ROOM).entries[-1].version, "seat": "X"}


def test_a_refused_command_changes_nothing(command_service: Desk) -> None:
    before = command_service.journal.last
    with pytest.raises(NotYourTurn):
        command_service.do(Move("bob", "move-1", 4))
    assert command_service.journal.last == before


def test_g9_a_refusal_does_not_grow_with_retries(command_service: Desk) -> None:
    lengths = []
    for _ in range(20):
        with pytest.raises(NotYourTurn) as refused:
            command_service.do(Move("bob", "move-1", 4))
        lengths.append(len(list(traceback.walk_tb(refused.value.__traceback__))))
    assert lengths == [lengths[0]] * 20


def test_g9_what_is_remembered_of_a_refusal_keeps_no_state_alive(command_service: Desk) -> None:
    with pytest.raises(NotYourTurn) as refused:
        command_service.do(Move("bob", "move-1", 4))
    functions = [frame.f_code.co_name for frame, _ in traceback.walk_tb(refused.value.__traceback__)]
    assert "submit" in functions
    assert not {"_decide", "decide"} & set(functions)


def test_g2_a_retry_gets_the_first_answer_and_writes_nothing(command_service: Desk) -> None:
    first = command_service.do(Move("ada", "move-1", 4))
    command_service.do(Move("bob", "move-2", 0))
    before = command_service.journal.last
    assert command_service.do(Move("ada", "move-1", 4)) == first
    assert command_service.journal.last == before


def test_g2_a_retry_in_the_same_batch_is_known_too(command_service: Desk) -> None:
    answers = in_threads(8, lambda _: command_service.do(Move("ada", "move-1", 4)))
    assert answers == [answers[0]] * 8
    assert command_service.room.version == 5


def test_of_many_who_move_at_once_one_history_comes_out(command_service: Desk) -> None:
    answers = in_threads(9, lambda cell: command_service.do(Move("ada", f"move-{cell}", cell)))
    accepted = [answer for answer in answers if not isinstance(answer, Refusal)]
    assert len(accepted) == 1
    assert all(isinstance(answer, (NotYourTurn, CellTaken)) for answer in answers if answer is not accepted[0])


def test_who_waits_at_the_same_time_travels_in_one_batch(command_service: Desk) -> None:
    command_service.replication.may_go.clear()
    done = threading.Thread(
        target=lambda: in_threads(20, lambda n: command_service.do(Join(f"w{n}", f"join-w{n}", "spectator")))
    )
    done.start()
    while command_service.committer.waiting < 19:
        assert done.is_alive()
    command_service.replication.may_go.set()
    done.join()
    assert len(command_service.room.spectators) == 20
    assert [len(batch) for batch in command_service.replication.batches[-2:]] == [1, 19]
    versions = [entry.version for entry in command_service.journal.copy(ROOM).entries]
    assert versions == list(range(1, len(versions) + 1))


def test_nobody_sees_what_is_not_committed_yet(command_service: Desk) -> None:
    version = command_service.room.version
    command_service.replication.may_go.clear()
    mover = threading.Thread(target=lambda: command_service.do(Move("ada", "move-1", 4)))
    mover.start()
    while command_service.journal.last.position == version:
        assert mover.is_alive()
    assert command_service.room.version == version
    assert command_service.store.wait("abcd", version, 0.0)["events"] == []
    command_service.replication.may_go.set()
    mover.join()
    assert command_service.room.version == version + 1


def test_g4_when_the_replica_obeys_another_nothing_is_seen_or_answered(command_service: Desk) -> None:
    version = command_service.room.version
    command_service.replication.fenced = True
    with pytest.raises(Fenced):
        command_service.do(Move("ada", "move-1", 4))
    assert command_service.room.version == version


def test_a_journal_that_cannot_be_written_refuses_the_batch_and_goes_on(command_service: Desk) -> None:
    version = command_service.room.version
    with full_disk(), pytest.raises(StorageFailed):
        command_service.do(Move("ada", "move-1", 4))
    assert command_service.room.version == version
    assert command_service.do(Move("ada", "move-1", 4))["version"] == version + 1
    assert command_service.stepped_down == []


def test_a_fault_of_ours_in_a_commit_ends_the_server(command_service: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(command_service.store, "publish", broken)
    with pytest.raises(ZeroDivisionError):
        command_service.do(Move("ada", "move-1", 4))
    assert len(command_service.stepped_down) == 1


def test_while_somebody_has_the_turn_the_log_stands_still(command_service: Desk) -> None:
    last = command_service.journal.last
    with command_service.committer.commit_lock():
        mover = threading.Thread(target=lambda: command_service.do(Move("ada", "move-1", 4)))
        mover.start()
        while command_service.committer.waiting < 1:
            assert mover.is_alive()
        assert command_service.journal.last == last
    mover.join()
    assert command_service.journal.last.position == last.position + 1


def test_the_turn_comes_to_everybody_who_wants_it(command_service: Desk) -> None:
    def work(number: int) -> object:
        if number % 2:
            with command_service.committer.commit_lock():
                return None
        return command_service.do(Join(f"w{number}", f"join-w{number}", "spectator"))

    in_threads(30, work)
    assert len(command_service.room.spectators) == 15


def in_one_batch(command_service: Desk, *commands: Any) -> list[Submission]:
    """Commit these together."""
    submissions = [Submission(ROOM, command) for command in commands]
    command_service.run(command_service.commit.run(submissions))
    return submissions


def test_no_refusal_speaks_of_what_never_happened(command_service: Desk) -> None:
    """Bob's cell is taken by a move that could not be written: then it is not taken."""
    with full_disk():
        ada, bob = in_one_batch(command_service, Move("ada", "move-1", 4), Move("bob", "move-2", 4))
    assert isinstance(ada.error, StorageFailed)
    assert isinstance(bob.error, StorageFailed)
    with pytest.raises(NotYourTurn):
        command_service.do(Move("bob", "move-2", 4))


def test_g2_what_was_refused_stays_refused_when_a_copy_of_it_comes_late(command_service: Desk) -> None:
    with pytest.raises(NotYourTurn):
        command_service.do(Move("bob", "move-1", 0))
    command_service.do(Move("ada", "move-2", 4))
    with pytest.raises(NotYourTurn):
        command_service.do(Move("bob", "move-1", 0))
    assert command_service.do(Move("bob", "move-3", 0))["seat"] == "O"


def test_g2_what_was_refused_stays_refused_within_a_batch_too(command_service: Desk) -> None:
    early, _, late = in_one_batch(
        command_service, Move("bob", "move-1", 0), Move("ada", "move-2", 4), Move("bob", "move-1", 0)
    )
    assert isinstance(early.error, NotYourTurn)
    assert isinstance(late.error, NotYourTurn)
    assert command_service.room.version == 5


def test_g2_what_changed_nothing_changes_nothing_when_a_copy_of_it_comes_late(command_service: Desk) -> None:
    command_service.do(Join("eve", "join-1", "spectator"))
    answer = command_service.do(Join("eve", "join-2", "spectator"))
    command_service.do(Leave("eve", "leave-1"))
    assert command_service.do(Join("eve", "join-2", "spectator")) == answer
    assert not command_service.room.has("eve")


def test_g2_what_a_room_has_forgotten_is_not_done_again_when_a_copy_of_it_comes_late(command_service: Desk) -> None:
    """On a connection that its caller gave up, behind a network that was cut for a while."""
    first = command_service.do(Leave("bob", "leave-1"))
    for number in range(2 * REMEMBERED_REQUESTS):
        command_service.do(
            Join("bob", f"join-{number}", "player") if number % 2 == 0 else Leave("bob", f"leave-again-{number}")
        )
    version = command_service.room.version
    assert command_service.room.requests["bob"][0][0] != "leave-1"
    command_service.do(Join("bob", "join-for-good", "player"))
    assert command_service.do(Leave("bob", "leave-1")) == first
    assert command_service.room.version == version + 1
    assert "bob" not in command_service.room.away


def test_g2_of_those_who_are_long_gone_a_late_copy_changes_nothing(command_service: Desk) -> None:
    first = command_service.do(Join("eve", "join-eve", "spectator"))
    command_service.do(Leave("eve", "leave-eve"))
    for number in range(REMEMBERED_ABSENT + 1):
        command_service.do(Join(f"guest-{number}", "join-guest", "spectator"))
        command_service.do(Leave(f"guest-{number}", "leave-guest"))
    assert "eve" not in command_service.room.requests
    assert command_service.do(Join("eve", "join-eve", "spectator")) == first
    assert not command_service.room.has("eve")


def test_only_so_many_refusals_are_remembered(command_service: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.log.remembered_answers.MOST_REQUESTS", 2)
    for number in range(3):
        with pytest.raises(NotYourTurn):
            command_service.do(Move("bob", f"move-{number}", 0))
    command_service.do(Move("ada", "move-a", 4))
    assert command_service.do(Move("bob", "move-0", 0))["version"] == 6


def test_g9_no_exception_is_kept_for_a_retry(command_service: Desk) -> None:
    with pytest.raises(NotYourTurn) as refused:
        command_service.do(Move("bob", "move-1", 4))
    kept = weakref.ref(refused.value)
    del refused
    gc.collect()
    assert kept() is None


@pytest.mark.parametrize("command", [lambda n: Move("bob", n, 4), lambda n: Join("bob", n, "player")])
def test_g9_a_remembered_request_costs_less_than_half_a_kilobyte(
    command_service: Desk, command: Callable[[str], Any]
) -> None:
    """A refusal, and an answer to what changed nothing."""

    def ask(number: int) -> None:
        with contextlib.suppress(NotYourTurn):
            command_service.do(command(f"0123456789abcdef-{number:05}"))

    ask(0)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(1, 1001):
            ask(number)
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (after - before) / 1000 < 500
