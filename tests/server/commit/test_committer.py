"""Commits with a real journal: one history in the order of arrival, and no answer before the log has its events."""

from __future__ import annotations

import contextlib
import gc
import sys
import traceback
import tracemalloc
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from game.context import Limits
from game.errors import CellTaken, NotYourTurn
from game.rooms.commands import Create, Join, Leave, Move
from game.rooms.remembered_requests import REMEMBERED_ABSENT, REMEMBERED_REQUESTS
from game.rooms.state import Room
from server.commit.commit import Submission
from server.commit.committer import Committer
from server.log.entries import Epoch
from server.log.journal.file import open_journal
from server.log.room_stream import room_stream
from server.log.streams import Streams
from server.rooms.room_store import RoomStore
from server.runtime.effects import Await, Effects, Sleep, Submit, no_effects
from tests.server.alone import HeldBack, commit_of
from tests.server.timers_by_hand import TimersByHand, result_of
from tests.small_disk import full_disk
from wire.errors import Fenced, NotReady, StorageFailed
from wire.later import Later

MANY = 10 * sys.getrecursionlimit()

ROOM = room_stream("abcd")


class Desk:
    """A committer with all it needs."""

    def __init__(self, folder: Path) -> None:
        streams = Streams(Limits(people=100))
        self.timers = TimersByHand()
        self.journal = open_journal(folder / "journal.db")
        self.journal.begin_term(Epoch(1, "me"))
        self.store = RoomStore(streams, self.journal, self.timers)
        self.replication = HeldBack()
        self.stepped_down: list[str] = []
        self.committed: list[int] = []  # the size of each batch
        self.commit = commit_of(streams, self.store, self.journal, self.replication)
        self.committer = Committer(
            self.commit,
            self.timers,
            step_down=self.stepped_down.append,
            on_committed=lambda batch, _took_s: self.committed.append(len(batch)),
        )

    def submit(self, command: Any) -> Later:
        return self.committer.submit(ROOM, command)

    def do(self, command: Any) -> Mapping[str, object]:
        answer: Mapping[str, object] = result_of(self.submit(command))
        return answer

    def watch(self, name: str) -> Later:
        """Submit a command that is never refused."""
        return self.submit(Join(name, f"join-{name}", "spectator"))

    @property
    def room(self) -> Room:
        room: Room = self.store.state_of(ROOM)
        return room


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.do(Create("ada", "create-1", "t", "tictactoe", {}))
    desk.do(Join("ada", "join-ada", "player"))
    desk.do(Join("bob", "join-bob", "player"))
    desk.committed.clear()
    return desk


def no_answer(later: Later) -> bool:
    return not later.settled


# -- batches and their order -----------------------------------------------------------------------------------------


def test_a_lone_command_is_committed_at_once(desk: Desk) -> None:
    assert desk.submit(Move("ada", "move-1", 4)).settled
    assert desk.committed == [1]
    assert desk.committer.waiting == 0


def test_commands_that_wait_at_the_same_time_share_one_batch(desk: Desk) -> None:
    desk.replication.hold()
    answers = [desk.watch(f"w{number}") for number in range(20)]
    assert desk.committer.waiting == 19
    assert all(map(no_answer, answers))
    desk.replication.let_go()
    assert all(answer.settled for answer in answers)
    assert len(desk.room.spectators) == 20
    assert [len(batch) for batch in desk.replication.batches[-2:]] == [1, 19]
    assert desk.committed == [1, 19]
    versions = [entry.version for entry in desk.journal.copy(ROOM).entries]
    assert versions == list(range(1, len(versions) + 1))


def test_a_procedure_waits_for_the_batch_before_it_and_commands_behind_it_share_that_batch(desk: Desk) -> None:
    order: list[str] = []

    def note(what: str) -> Effects[None]:
        order.append(what)
        yield from ()

    desk.replication.hold()
    for name in ("first", "second"):
        desk.watch(name).then(lambda _value, _error, name=name: order.append(name))  # type: ignore[misc]
    desk.committer.locked(note("procedure"))
    desk.watch("third").then(lambda _value, _error: order.append("third"))
    assert desk.committer.waiting == 3
    desk.replication.let_go()
    assert order == ["first", "second", "third", "procedure"]
    assert desk.committed == [1, 2]


def test_while_a_procedure_has_the_commit_lock_the_log_stands_still(desk: Desk) -> None:
    last = desk.journal.last
    work = Later()

    def hold() -> Effects[str]:
        yield Await(work)
        return "done"

    held, move = desk.committer.locked(hold()), desk.submit(Move("ada", "move-1", 4))
    assert desk.committer.waiting == 1
    assert desk.journal.last == last
    assert no_answer(held)
    assert no_answer(move)
    work.answer(None)
    assert result_of(held) == "done"
    assert move.settled
    assert desk.journal.last.position == last.position + 1


def test_a_procedure_with_the_commit_lock_shows_that_earlier_commits_have_ended(desk: Desk) -> None:
    desk.replication.hold()
    move = desk.submit(Move("ada", "move-1", 4))
    shown = desk.committer.locked(no_effects())
    assert no_answer(shown)
    desk.replication.let_go()
    assert move.settled
    assert shown.settled


def test_procedures_and_commands_that_come_back_at_once_have_the_commit_lock_by_turns(desk: Desk) -> None:
    """No kind of waiter keeps the other one waiting for ever."""
    order: list[str] = []

    def pause() -> Effects[None]:
        order.append("procedure")
        yield Sleep(1.0)

    def lock_again(_value: Any, _error: Any) -> None:
        desk.committer.locked(pause()).then(lock_again)

    def watch_again(_value: Any, _error: Any) -> None:
        order.append("command")
        desk.watch(f"w{len(order)}").then(watch_again)

    lock_again(None, None)
    desk.watch("first").then(watch_again)
    desk.timers.advance(9.5)
    assert order == ["procedure", "command"] * 9 + ["procedure"]


def test_the_error_of_a_procedure_frees_the_commit_lock(desk: Desk) -> None:
    def fail() -> Effects[None]:
        yield Sleep(1.0)
        raise NotReady("not now")

    failed, move = desk.committer.locked(fail()), desk.submit(Move("ada", "move-1", 4))
    desk.timers.advance(1.0)
    with pytest.raises(NotReady):
        result_of(failed)
    assert move.settled
    assert desk.stepped_down == []


def test_a_command_submitted_when_an_answer_arrives_is_in_the_next_batch(desk: Desk) -> None:
    desk.replication.hold()
    seen: list[tuple[str, bool]] = []

    def join_too(_value: Any, _error: Any) -> None:
        later = desk.watch("second")
        seen.append(("second", later.settled))
        later.then(lambda _value, _error: seen.append(("second", "second" in desk.room.spectators)))

    desk.watch("first").then(join_too)
    desk.watch("neighbour").then(lambda _value, _error: seen.append(("neighbour", True)))
    desk.replication.let_go()
    assert seen == [("second", False), ("neighbour", True), ("second", True)]
    assert desk.committed == [1, 2]


def test_very_many_procedures_that_end_at_once_do_not_run_deeper_and_deeper(desk: Desk) -> None:
    desk.replication.hold()
    desk.watch("first")
    shown = [desk.committer.locked(no_effects()) for _ in range(MANY)]
    desk.replication.let_go()
    assert all(later.settled for later in shown)


def test_very_many_commands_each_submitted_by_the_answer_before_do_not_run_deeper_and_deeper(desk: Desk) -> None:
    answers = 0

    def again(_value: Any, _error: Any) -> None:
        nonlocal answers
        answers += 1
        if answers < MANY:
            desk.submit(Join("ada", "join-ada", "player")).then(again)

    desk.replication.hold()
    desk.watch("first").then(again)
    desk.replication.let_go()
    assert answers == MANY


def test_a_procedure_submits_very_many_commands_one_after_the_other(desk: Desk) -> None:
    def submit_all() -> Effects[int]:
        for _ in range(MANY):
            yield Submit(ROOM, Join("ada", "join-ada", "player"))
        return MANY

    assert desk.timers.result(submit_all(), desk.committer) == MANY


# -- what an answer promises -----------------------------------------------------------------------------------------


def test_an_answer_speaks_of_what_is_in_the_journal(desk: Desk) -> None:
    answer = desk.do(Move("ada", "move-1", 4))
    assert answer == {"version": desk.journal.copy(ROOM).entries[-1].version, "seat": "X"}


def test_a_refused_command_changes_nothing(desk: Desk) -> None:
    before = desk.journal.last
    with pytest.raises(NotYourTurn):
        desk.do(Move("bob", "move-1", 4))
    assert desk.journal.last == before


def test_g9_a_refusal_does_not_grow_with_retries(desk: Desk) -> None:
    lengths = []
    for _ in range(20):
        with pytest.raises(NotYourTurn) as refused:
            desk.do(Move("bob", "move-1", 4))
        lengths.append(len(list(traceback.walk_tb(refused.value.__traceback__))))
    assert lengths == [lengths[0]] * 20


def test_g9_what_is_remembered_of_a_refusal_keeps_no_state_alive(desk: Desk) -> None:
    with pytest.raises(NotYourTurn) as refused:
        desk.do(Move("bob", "move-1", 4))
    functions = [frame.f_code.co_name for frame, _ in traceback.walk_tb(refused.value.__traceback__)]
    assert functions[-1] == "result_of"
    assert not {"_decide", "decide"} & set(functions)


def test_g2_a_retry_gets_the_first_answer_and_writes_nothing(desk: Desk) -> None:
    first = desk.do(Move("ada", "move-1", 4))
    desk.do(Move("bob", "move-2", 0))
    before = desk.journal.last
    assert desk.do(Move("ada", "move-1", 4)) == first
    assert desk.journal.last == before


def test_g2_a_retry_in_the_same_batch_is_known_too(desk: Desk) -> None:
    desk.replication.hold()
    answers = [desk.submit(Move("ada", "move-1", 4)) for _ in range(8)]
    desk.replication.let_go()
    assert [result_of(answer) for answer in answers] == [result_of(answers[0])] * 8
    assert desk.committed == [1, 7]
    assert desk.room.version == 5


def test_of_many_moves_at_once_one_is_played(desk: Desk) -> None:
    desk.replication.hold()
    first, *others = [desk.submit(Move("ada", f"move-{cell}", cell)) for cell in range(9)]
    desk.replication.let_go()
    assert result_of(first)["version"] == desk.room.version == 5
    assert all(isinstance(answer.error, (NotYourTurn, CellTaken)) for answer in others)


def test_g1_nothing_is_seen_or_answered_before_it_is_committed(desk: Desk) -> None:
    version = desk.room.version
    desk.replication.hold()
    move = desk.submit(Move("ada", "move-1", 4))
    news = desk.store.wait("abcd", version, 10.0)
    desk.timers.advance(5.0)
    assert desk.journal.last.position == version + 1
    assert desk.room.version == version
    assert desk.store.wait("abcd", version, 0.0)["events"] == []  # type: ignore[index]
    assert isinstance(news, Later)
    assert no_answer(news)
    assert no_answer(move)
    desk.replication.let_go()
    desk.timers.run()
    assert desk.room.version == version + 1
    assert result_of(move)["version"] == version + 1
    assert len(result_of(news)["events"]) == 1


def test_when_an_answer_arrives_its_events_are_visible(desk: Desk) -> None:
    seen: list[int] = []
    desk.replication.hold()
    move = desk.submit(Move("ada", "move-1", 4))
    move.then(lambda answer, _error: seen.append(desk.room.version - answer["version"]))
    desk.replication.let_go()
    assert seen == [0]


def test_g4_when_the_replica_obeys_another_nothing_is_seen_or_answered(desk: Desk) -> None:
    version = desk.room.version
    desk.replication.is_fenced = True
    with pytest.raises(Fenced):
        desk.do(Move("ada", "move-1", 4))
    assert desk.room.version == version


def test_a_journal_that_cannot_be_written_refuses_the_batch_and_goes_on(desk: Desk) -> None:
    version = desk.room.version
    with full_disk(), pytest.raises(StorageFailed):
        desk.do(Move("ada", "move-1", 4))
    assert desk.room.version == version
    assert desk.do(Move("ada", "move-1", 4))["version"] == version + 1
    assert desk.stepped_down == []


def broken(*_: object) -> None:
    raise ZeroDivisionError


def end_of_term(*_: object) -> None:
    raise NotReady("a commit must not fail with this")


@pytest.mark.parametrize("failure", [broken, end_of_term])
@pytest.mark.parametrize("is_held", [False, True])
def test_a_failing_commit_ends_the_server_once_and_is_not_answered(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, failure: Callable[..., None], is_held: bool
) -> None:
    """Whether it fails at once, or after the answer of the replica."""
    monkeypatch.setattr(desk.store, "publish", failure)
    answers: list[object] = []

    def move_and_wait() -> None:
        desk.submit(Move("ada", "move-1", 4)).then(lambda *answer: answers.append(answer))
        desk.submit(Move("bob", "move-2", 0)).then(lambda *answer: answers.append(answer))
        desk.replication.let_go()

    if is_held:
        desk.replication.hold()
    with pytest.raises((ZeroDivisionError, NotReady)):
        move_and_wait()
    assert len(desk.stepped_down) == 1
    assert answers == []
    assert desk.submit(Move("bob", "move-3", 0)).settled is False, "nothing is committed after that"


@pytest.mark.parametrize("is_held", [False, True])
def test_a_failing_receiver_of_an_answer_ends_the_server_once(desk: Desk, is_held: bool) -> None:
    """Otherwise a caller further up the stack may handle its exception, and nothing is committed from then on."""
    work = Later()

    def hold() -> Effects[None]:
        yield Await(work)

    def end_waits() -> None:
        work.answer(None)
        desk.replication.let_go()

    if is_held:
        desk.replication.hold()
    desk.committer.locked(hold())
    desk.watch("first").then(broken)
    with pytest.raises(ZeroDivisionError):
        end_waits()
    assert len(desk.stepped_down) == 1


def in_one_batch(desk: Desk, *commands: Any) -> list[Submission]:
    """Commit these together."""
    submissions = [Submission(ROOM, command) for command in commands]
    desk.timers.result(desk.commit.run(submissions))
    return submissions


def test_no_refusal_speaks_of_what_never_happened(desk: Desk) -> None:
    """Bob's cell is taken by a move that could not be written: then it is not taken."""
    with full_disk():
        ada, bob = in_one_batch(desk, Move("ada", "move-1", 4), Move("bob", "move-2", 4))
    assert isinstance(ada.error, StorageFailed)
    assert isinstance(bob.error, StorageFailed)
    with pytest.raises(NotYourTurn):
        desk.do(Move("bob", "move-2", 4))


def test_g2_what_was_refused_stays_refused_when_a_copy_of_it_comes_late(desk: Desk) -> None:
    with pytest.raises(NotYourTurn):
        desk.do(Move("bob", "move-1", 0))
    desk.do(Move("ada", "move-2", 4))
    with pytest.raises(NotYourTurn):
        desk.do(Move("bob", "move-1", 0))
    assert desk.do(Move("bob", "move-3", 0))["seat"] == "O"


def test_g2_what_was_refused_stays_refused_within_a_batch_too(desk: Desk) -> None:
    early, _, late = in_one_batch(desk, Move("bob", "move-1", 0), Move("ada", "move-2", 4), Move("bob", "move-1", 0))
    assert isinstance(early.error, NotYourTurn)
    assert isinstance(late.error, NotYourTurn)
    assert desk.room.version == 5


def test_g2_what_changed_nothing_changes_nothing_when_a_copy_of_it_comes_late(desk: Desk) -> None:
    desk.do(Join("eve", "join-1", "spectator"))
    answer = desk.do(Join("eve", "join-2", "spectator"))
    desk.do(Leave("eve", "leave-1"))
    assert desk.do(Join("eve", "join-2", "spectator")) == answer
    assert not desk.room.has("eve")


def test_g2_what_a_room_has_forgotten_is_not_done_again_when_a_copy_of_it_comes_late(desk: Desk) -> None:
    """On a connection that its caller gave up, behind a network that was cut for a while."""
    first = desk.do(Leave("bob", "leave-1"))
    for number in range(2 * REMEMBERED_REQUESTS):
        desk.do(Join("bob", f"join-{number}", "player") if number % 2 == 0 else Leave("bob", f"leave-again-{number}"))
    version = desk.room.version
    assert desk.room.requests["bob"][0][0] != "leave-1"
    desk.do(Join("bob", "join-for-good", "player"))
    assert desk.do(Leave("bob", "leave-1")) == first
    assert desk.room.version == version + 1
    assert "bob" not in desk.room.away


def test_g2_of_those_who_are_long_gone_a_late_copy_changes_nothing(desk: Desk) -> None:
    first = desk.do(Join("eve", "join-eve", "spectator"))
    desk.do(Leave("eve", "leave-eve"))
    for number in range(REMEMBERED_ABSENT + 1):
        desk.do(Join(f"guest-{number}", "join-guest", "spectator"))
        desk.do(Leave(f"guest-{number}", "leave-guest"))
    assert "eve" not in desk.room.requests
    assert desk.do(Join("eve", "join-eve", "spectator")) == first
    assert not desk.room.has("eve")


def test_only_so_many_refusals_are_remembered(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.log.remembered_answers.MOST_REQUESTS", 2)
    for number in range(3):
        with pytest.raises(NotYourTurn):
            desk.do(Move("bob", f"move-{number}", 0))
    desk.do(Move("ada", "move-a", 4))
    assert desk.do(Move("bob", "move-0", 0))["version"] == 6


def test_g9_no_exception_is_kept_for_a_retry(desk: Desk) -> None:
    with pytest.raises(NotYourTurn) as refused:
        desk.do(Move("bob", "move-1", 4))
    kept = weakref.ref(refused.value)
    del refused
    gc.collect()
    assert kept() is None


@pytest.mark.parametrize("command", [lambda n: Move("bob", n, 4), lambda n: Join("bob", n, "player")])
def test_g9_a_remembered_request_costs_less_than_half_a_kilobyte(desk: Desk, command: Callable[[str], Any]) -> None:
    """A refusal, and an answer to what changed nothing."""

    def ask(number: int) -> None:
        with contextlib.suppress(NotYourTurn):
            desk.do(command(f"0123456789abcdef-{number:05}"))

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
