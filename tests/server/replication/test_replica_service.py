"""The replication server's copy: what it has said is in its journal, or was never said."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from game.context import Limits
from server.log.entries import EMPTY, START, Entry, Epoch, EpochStart, LogEnd, LogId, Snapshot, StreamCopy
from server.log.journal.compaction import Compactor
from server.log.journal.file import open_journal
from server.log.journal.journal import Journal
from server.log.mending import Holes, rows_for
from server.log.row_format import LOST
from server.log.streams import Streams
from server.replication.guarded_copy import LONGEST_WORK_S
from server.replication.repair import VERSIONS_AT_ONCE
from server.replication.replica_service import ReplicaService
from server.runtime.failpoints import Failpoints
from tests.effects import run_effects
from tests.server.log.damaging import fill
from wire.errors import Fenced, NotReady, StorageFailed


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = open_journal(tmp_path / "journal.db")
    yield journal
    journal.close()


@pytest.fixture
def compactor(journal: Journal) -> Compactor:
    return Compactor(journal, Streams(Limits(people=10)), every=9, keep_events=9, upto=lambda: journal.last.position)


@pytest.fixture
def keeper(journal: Journal, compactor: Compactor) -> ReplicaService:
    process: Any = None  # only heartbeats and the status ask for it
    return ReplicaService(process, journal, compactor, Failpoints(""))


@pytest.mark.parametrize("promise", ["attach", "take_office"])
def test_g4_a_promise_that_could_not_be_written_is_not_known_either(
    journal: Journal, keeper: ReplicaService, promise: str
) -> None:
    journal._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StorageFailed):
        getattr(keeper, promise)(3, "c")
    assert keeper.standing(*EMPTY) == {"office": Epoch(0, ""), "last": EMPTY, "has_own": True}
    journal._connection.execute("PRAGMA query_only = OFF")
    getattr(keeper, promise)(3, "c")
    assert keeper.standing(*EMPTY)["office"] == journal.epoch == Epoch(3, "c")
    assert keeper.attach(3, "c") == EMPTY
    with pytest.raises(Fenced):
        keeper.attach(3, "d")


@pytest.mark.parametrize("promise", ["attach", "take_office"])
def test_g4_a_promise_outlives_the_process_that_made_it(
    tmp_path: Path, keeper: ReplicaService, compactor: Compactor, promise: str
) -> None:
    keeper.take_office(2, "b")
    getattr(keeper, promise)(3, "c")
    journal = open_journal(tmp_path / "journal.db")  # what a process has that is started after a kill
    process: Any = None
    again = ReplicaService(process, journal, compactor, Failpoints(""))
    assert again.standing(*EMPTY)["office"] == Epoch(3, "c")
    with pytest.raises(Fenced):
        again.attach(2, "b")
    journal.close()


TERMS = [EpochStart(1, "a", 1)]


def part(name: str, *positions: int) -> StreamCopy:
    """Some of a room's log, an event each at these positions."""
    event = '{"kind":"watched","by":"ada","request_id":"watch-ada"}'
    return StreamCopy(name, None, tuple(Entry(position, 1, name, position, event) for position in positions))


def carried_out(answer: Any) -> Any:
    """Return the answer of a method. If it is a procedure, do its work here, one piece after the other."""
    return run_effects(answer) if isinstance(answer, Generator) else answer


@pytest.fixture
def begun_by_primary(keeper: ReplicaService) -> Callable[..., Any]:
    """Begin what a message of the primary asks for."""
    keeper.take_office(1, "a")
    return lambda method, *arguments: getattr(keeper, method)(1, "a", *arguments)


@pytest.fixture
def primary_of(begun_by_primary: Callable[..., Any]) -> Callable[..., object]:
    """Carry out a message of the primary."""
    return lambda method, *arguments: carried_out(begun_by_primary(method, *arguments))


def test_what_was_held_up_of_an_earlier_copy_does_not_get_into_a_later_one(
    primary_of: Callable[..., object], journal: Journal
) -> None:
    primary_of("begin_copy", 1)
    primary_of("begin_copy", 2)
    primary_of("add_to_copy", 2, 0, [part("room/aaaa", 2)])
    for late in (
        ("add_to_copy", 1, 0, [part("room/bbbb", 1)]),
        ("end_copy", 1, 1, (1, 2), TERMS),
        ("end_copy", 2, 2, (1, 2), TERMS),
    ):
        with pytest.raises(NotReady):
            primary_of(*late)
    assert journal.last == START
    primary_of("add_to_copy", 2, 1, [part("room/bbbb", 1)])
    primary_of("end_copy", 2, 2, (1, 2), TERMS)
    assert [copy.stream for copy in journal.copies()] == ["room/aaaa", "room/bbbb"]


def test_rows_that_were_held_up_do_not_bring_back_a_room_that_is_forgotten(
    primary_of: Callable[..., object], journal: Journal
) -> None:
    sound, kept = part("room/aaaa", 1), part("room/bbbb", 2)
    journal.receive([], [*sound.entries, *kept.entries], LogId(1, 2), TERMS)
    journal.replace(sound._replace(entries=(sound.entries[0]._replace(body=LOST),)))
    assert primary_of("damage") == []
    journal.copy("room/aaaa")
    assert [holes.stream for holes in cast("list[Holes]", primary_of("damage"))] == ["room/aaaa"]
    primary_of("mend", [sound], True)
    assert journal.copy("room/aaaa") == sound
    primary_of("forget", ["room/aaaa"])
    primary_of("mend", [sound], True)
    assert [copy.stream for copy in journal.copies()] == ["room/bbbb"]


def test_a_piece_that_comes_twice_is_in_a_copy_once(primary_of: Callable[..., object], journal: Journal) -> None:
    primary_of("begin_copy", 1)
    primary_of("add_to_copy", 1, 0, [part("room/aaaa", 1)])
    with pytest.raises(NotReady):
        primary_of("add_to_copy", 1, 0, [part("room/aaaa", 1)])
    primary_of("end_copy", 1, 1, (1, 1), TERMS)
    assert journal.last == LogId(1, 1)


def test_no_snapshot_made_of_what_was_there_before_replaces_one_that_comes(
    begun_by_primary: Callable[..., Any], journal: Journal, compactor: Compactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = Snapshot(3, 1, "name/ada", 3, '{"version":3,"name":"ada","token_hash":"x"}')
    made: list[bool] = []
    receive = journal.receive

    def received(*arguments: Any) -> None:
        made.append(compactor.compact_some())
        receive(*arguments)

    monkeypatch.setattr(journal, "receive", received)
    compactor.count_entries([Entry(position, 1, "name/ada", position, "{}") for position in range(1, 10)])
    compactor._counted = True
    assert carried_out(begun_by_primary("append", START, [snapshot], [], TERMS)) == LogEnd(1, 3, "a")
    assert made == [False]
    assert journal.copy("name/ada").snapshot == snapshot


SNAPSHOT = Snapshot(3, 1, "name/ada", 3, '{"version":3,"name":"ada","token_hash":"x"}')
LONG = {
    "append": (START, [SNAPSHOT], [], TERMS),
    "end_copy": (1, 1, (1, 1), TERMS),
    "drop_after_gaps": (),
    "mend": ([part("room/aaaa", 1)], True),
}


@pytest.mark.parametrize("method", LONG)
def test_while_the_copy_is_changed_apart_others_are_refused_and_a_fenced_server_stays_fenced(
    begun_by_primary: Callable[..., Any], keeper: ReplicaService, method: str
) -> None:
    begun_by_primary("begin_copy", 1)
    begun_by_primary("add_to_copy", 1, 0, [part("room/aaaa", 1)])
    procedure = begun_by_primary(method, *LONG[method])
    work = next(procedure)
    entry = part("room/bbbb", 9).entries
    for message in (
        ("append", START, [], entry, []),
        ("begin_copy", 2),
        ("forget", ["room/aaaa"]),
        ("rows_of", "room/aaaa", [1], False, 0),
        ("attach",),
        *((name, *arguments) for name, arguments in LONG.items()),
    ):
        with pytest.raises(NotReady):
            carried_out(begun_by_primary(*message))
    for call in (
        lambda: keeper.standing(*EMPTY),
        lambda: keeper.take_office(2, "b"),
        lambda: keeper.attach(2, "b"),
        keeper.terms,
        lambda: carried_out(keeper.copies("", 0, 1)),
    ):
        with pytest.raises(NotReady):
            call()
    with pytest.raises(Fenced):
        keeper.append(1, "b", START, [], entry, [])
    with pytest.raises(Fenced):
        keeper.take_office(1, "b")
    assert carried_out(keeper.probe())
    with contextlib.suppress(StopIteration):
        while True:
            work = procedure.send(work.work())
    assert keeper.attach(2, "b")


def test_after_work_that_failed_the_copy_is_as_before_and_messages_are_taken(
    begun_by_primary: Callable[..., Any], journal: Journal
) -> None:
    begun_by_primary("append", START, [], part("room/aaaa", 1).entries, TERMS)
    procedure = begun_by_primary("append", (1, 1), [SNAPSHOT], [], [])
    next(procedure)
    with pytest.raises(StorageFailed):
        procedure.throw(StorageFailed("the disk is full"))
    following = part("room/aaaa", 2).entries
    assert begun_by_primary("append", (1, 1), [], following, []) == LogEnd(1, 2, "a")
    assert journal.last == LogId(1, 2)


def test_work_that_takes_far_too_long_counts_as_hanging(
    begun_by_primary: Callable[..., Any], keeper: ReplicaService, monkeypatch: pytest.MonkeyPatch
) -> None:
    procedure = begun_by_primary("drop_after_gaps")
    next(procedure)
    assert carried_out(keeper.probe())
    began = keeper._copy.working_since
    assert began is not None
    later = SimpleNamespace(monotonic=lambda: began + LONGEST_WORK_S + 1.0)  # other threads use the clock, too
    monkeypatch.setattr("server.replication.guarded_copy.time", later)
    with pytest.raises(NotReady):
        carried_out(keeper.probe())


def test_g1_a_copy_knows_which_holder_wrote_what_it_has(
    primary_of: Callable[..., object], keeper: ReplicaService
) -> None:
    primary_of("append", START, [], part("room/aaaa", 1, 2).entries, TERMS)
    standing = keeper.standing(1, 1, "a")
    assert (standing["last"], standing["has_own"]) == (LogEnd(1, 2, "a"), True)
    for other in ((1, 1, "b"), (1, 3, "a"), (2, 1, "a"), (1, 1, "")):
        assert keeper.standing(*other)["has_own"] is False
    keeper.take_office(2, "b")
    following = Entry(3, 2, "room/aaaa", 3, part("room/aaaa", 3).entries[0].body)
    keeper.append(2, "b", (1, 2), [], [following], [EpochStart(2, "b", 3)])
    assert keeper.standing(1, 2, "a")["has_own"]
    assert keeper.standing(2, 3, "b")["last"] == LogEnd(2, 3, "b")
    assert keeper.terms() == [EpochStart(1, "a", 1), EpochStart(2, "b", 3)]


def test_g9_of_what_the_main_server_lets_go_nothing_is_counted_here_either(
    keeper: ReplicaService, compactor: Compactor
) -> None:
    keeper.attach(3, "c")
    compactor.count_entries([Entry(1, 3, "room/abcd", 1, "{}"), Entry(2, 3, "room/efgh", 1, "{}")])
    keeper.forget(3, "c", ["room/abcd"])
    assert list(compactor._tails) == ["room/efgh"]


@pytest.mark.parametrize("main_has", [(), (1, 2, 150, 249)])
def test_more_damage_than_fits_into_a_message_comes_to_an_end_whatever_the_main_server_lacks(
    primary_of: Callable[..., Any], journal: Journal, main_has: tuple[int, ...]
) -> None:
    sound = part("room/aaaa", *range(1, 251))
    journal.append(sound.entries)
    fill(journal)
    journal._connection.execute("UPDATE entries SET body = ? WHERE version < 250", (LOST,))
    journal.copy("room/aaaa")
    mains = sound._replace(entries=tuple(e for e in sound.entries if e.version in (*main_has, 250)))
    rounds = 0
    while journal.damage.waiting:
        (holes,) = primary_of("damage")
        primary_of("mend", [rows_for(mains, holes)], len(holes.versions) < VERSIONS_AT_ONCE)
        rounds += 1
        assert rounds <= 3
    assert journal.damage.lost == ["room/aaaa"]
    assert [e.version for e in journal.copy("room/aaaa").entries if not e.is_lost] == [*main_has, 250]
