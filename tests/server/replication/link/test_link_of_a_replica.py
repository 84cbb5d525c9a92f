"""A real replica with a real journal behind the link: fencing, catch-up, takeover, and long work."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from game.context import Limits
from game.errors import InvalidArgument
from server.log.entries import EMPTY, START, Entry, Epoch, EpochStart, LogEnd, LogId
from server.log.journal.compaction import Compactor
from server.log.journal.file import open_journal
from server.log.journal.journal import Journal
from server.log.streams import Streams
from server.replication.link.encoding import request
from server.replication.link.replica_link import ReplicaLink
from server.replication.primary import Primary, SyncState
from server.replication.replica_service import ReplicaService
from server.replication.replicator import Replicator
from server.replication.takeover import take_over
from server.runtime.effects import Effects
from server.runtime.event_loop import LoopHost
from server.runtime.failpoints import Failpoints
from server.runtime.procedures import Procedure
from tests.conditions import PATIENCE_S
from tests.server.replication.link.ends import MACHINE, Ends
from wire.errors import Fenced, NotReady
from wire.later import Later

EVENT = '{"kind":"watched","by":"ada","request_id":"watch-ada"}'
TERMS = [EpochStart(1, "a", 1)]


def entries(*positions: int, epoch: int = 1, stream: str = "room/aaaa") -> list[Entry]:
    return [Entry(position, epoch, stream, position, EVENT) for position in positions]


def compactor_of(journal: Journal) -> Compactor:
    return Compactor(journal, Streams(Limits(people=10)), every=9, keep_events=9, upto=lambda: journal.last.position)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = open_journal(tmp_path / "replica.db")
    yield journal
    journal.close()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Journal]:
    """The main server's journal."""
    own = open_journal(tmp_path / "main.db")
    yield own
    own.close()


def service(journal: Journal) -> ReplicaService:
    process: Any = SimpleNamespace(machine=MACHINE, settings=SimpleNamespace(test_faults=""))
    return ReplicaService(process, journal, compactor_of(journal), Failpoints(""))


@pytest.fixture
def replica(ends: Ends, journal: Journal) -> ReplicaService:
    ends.service = service(journal)
    ends.server.offer(ends.service)
    return ends.service  # type: ignore[no-any-return]  # it is this class here


@pytest.fixture
def call(ends: Ends, replica: ReplicaService) -> Callable[..., Any]:
    """Call the replica on a link, and return its answer."""

    def call(link: ReplicaLink, method: str, *arguments: Any) -> Any:
        return ends.result(link.call(method, arguments))

    assert replica
    return call


class Host(LoopHost):
    """Runs procedures of a main server with a commit lock that nobody else wants."""

    def run(self, effects: Effects[Any]) -> Procedure[Any]:
        return Procedure(effects, self, self)

    def locked(self, effects: Effects[Any]) -> Later:
        return self.run(effects).begin()

    def submit(self, stream: str, command: Any) -> Later:
        raise NotImplementedError


def test_g4_of_two_main_servers_only_that_of_the_higher_epoch_can_append(
    ends: Ends, call: Callable[..., Any], journal: Journal
) -> None:
    old, new = ends.link(), ends.link()
    assert call(old, "attach", 1, "a") == list(EMPTY)
    assert call(old, "append", 1, "a", START, [], entries(1), TERMS) == [1, 1, "a"]
    call(new, "take_office", 2, "b")
    for method, arguments in (
        ("append", (LogId(1, 1), [], entries(2), [])),
        ("attach", ()),
        ("forget", (["room/aaaa"],)),
    ):
        with pytest.raises(Fenced):
            call(old, method, 1, "a", *arguments)
    with pytest.raises(Fenced):
        call(old, "take_office", 2, "a")
    assert journal.last == LogId(1, 1)
    appended = call(new, "append", 2, "b", LogId(1, 1), [], entries(2, epoch=2), [EpochStart(2, "b", 2)])
    assert appended == [2, 2, "b"]
    assert [entry.position for entry in journal.copy("room/aaaa").entries] == [1, 2]


@pytest.mark.parametrize(
    "rows",
    [
        [[0, 1, "room/aaaa", 1, EVENT]],
        [[1, 2, "room/aaaa", 1, EVENT]],
        [[1, 1, "elsewhere/a", 1, EVENT]],
        [[1, 1, "room/aaaa", 1, "{}"]],
        [[1, 1, "room/aaaa", 1, b"{}"]],
        [[1, 1, "room/aaaa", 1]],
        [*entries(2), *entries(1)],
        ["x"],
        "x",
        None,
    ],
)
def test_g8_rows_that_could_not_be_read_again_are_refused_and_nothing_is_written(
    ends: Ends, call: Callable[..., Any], journal: Journal, rows: Any
) -> None:
    link = ends.link()
    call(link, "attach", 1, "a")
    with pytest.raises(InvalidArgument):
        call(link, "append", 1, "a", START, [], rows, TERMS)
    assert journal.last == START
    assert call(link, "append", 1, "a", START, [], entries(1), TERMS) == [1, 1, "a"]


def test_the_replica_is_brought_up_to_date_and_again_after_each_loss(
    ends: Ends, replica: ReplicaService, journal: Journal, own: Journal
) -> None:
    own.begin_term(Epoch(1, "a"))
    own.append(entries(*range(1, 200)))
    host = Host(ends.event_loop, ends.link().call)
    stops: list[str] = []
    running: list[Procedure[None]] = []

    def wake() -> None:
        running[0].wake()

    replicator = Replicator(
        Primary(own.epoch, own.last, own.terms),
        own,
        compactor_of(own),
        faults=Failpoints(""),
        step_down=stops.append,
        wake=wake,
        piece_bytes=5000,
    )
    running.append(host.run(replicator.run(lambda: True)))
    ended = running[0].begin()
    for position in range(200, 204):
        ends.until(lambda: replicator.sync_state is SyncState.IN_SYNC)
        own.append(entries(position))
        assert ends.result(host.locked(replicator.replicate(entries(position))))
        assert journal.last == own.last == LogId(1, position)
        ends.close_server()
        ends.until(lambda: replicator.sync_state is SyncState.DEGRADED)
        ends.server = ends.make_server()
        ends.server.listen()
    ends.until(lambda: replicator.sync_state is SyncState.IN_SYNC)
    ends.result(ends.link().call("take_office", (2, "b")))
    own.append(entries(204))
    assert not ends.result(host.locked(replicator.replicate(entries(204))))
    assert stops
    ends.result(ended)
    assert list(own.copies()) != list(journal.copies())
    assert replica.more_status()["position"] == 203


def test_a_main_server_without_a_journal_fetches_the_copy(
    ends: Ends, call: Callable[..., Any], journal: Journal, own: Journal
) -> None:
    link = ends.link()
    call(link, "attach", 1, "a")
    for position in range(1, 30):
        stream = f"room/{position % 7:04}"
        rows = [Entry(position, 1, stream, (position - 1) // 7 + 1, EVENT)]
        call(
            link, "append", 1, "a", LogId(min(1, position - 1), position - 1), [], rows, TERMS if position == 1 else []
        )
    host = Host(ends.event_loop, ends.link().call)
    epoch = ends.result(
        host.locked(take_over(own, wait_limit_s=0.1, piece_bytes=1000, go_on=lambda: True, new_holder=lambda: "b"))
    )
    assert epoch == journal.epoch == Epoch(2, "b")
    assert list(own.copies()) == list(journal.copies())
    assert own.end == journal.end == LogEnd(1, 29, "a")


def test_while_the_copy_is_replaced_the_loop_goes_on(
    ends: Ends, call: Callable[..., Any], journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    replacing, may_end = threading.Event(), threading.Event()
    end_copy = journal.end_copy

    def slowly(*arguments: Any) -> None:
        replacing.set()
        assert may_end.wait(PATIENCE_S)
        end_copy(*arguments)

    monkeypatch.setattr(journal, "end_copy", slowly)
    link, other = ends.link(), ends.link()
    call(link, "attach", 1, "a")
    call(link, "begin_copy", 1, "a", 1)
    call(link, "add_to_copy", 1, "a", 1, 0, [("room/aaaa", None, entries(1))])
    ended = link.call("end_copy", (1, "a", 1, 1, LogId(1, 1), TERMS))
    ends.until(replacing.is_set)
    host = LoopHost(ends.event_loop)
    assert ends.result(Procedure(ends.service.probe(), host).begin()) is True
    for method, arguments in (("append", (START, [], entries(1), TERMS)), ("begin_copy", (2,))):
        with pytest.raises(NotReady):
            call(other, method, 1, "a", *arguments)
    with pytest.raises(Fenced):
        call(other, "append", 1, "b", START, [], entries(1), TERMS)
    assert not ended.settled
    may_end.set()
    assert ends.result(ended) == [1, 1, "a"]
    assert call(link, "append", 1, "a", LogId(1, 1), [], entries(2), []) == [1, 2, "a"]


def test_a_main_server_that_dies_while_its_copy_is_put_in_place_leaves_a_whole_copy(
    ends: Ends, call: Callable[..., Any], journal: Journal
) -> None:
    link, other = ends.link(), ends.link()
    call(link, "attach", 1, "a")
    call(link, "begin_copy", 1, "a", 1)
    call(link, "add_to_copy", 1, "a", 1, 0, [("room/aaaa", None, entries(1))])
    link.call("end_copy", (1, "a", 1, 1, LogId(1, 1), TERMS))
    ends.turns(2)
    ends.close_link(link)
    ends.until(lambda: ends.service._copy.working_since is None and ends.connections == 0)
    end = call(other, "attach", 1, "a")
    assert end in (list(EMPTY), [1, 1, "a"])
    assert end == list(journal.end)


PAYLOAD = st.binary(max_size=60) | st.builds(
    request,
    st.integers(0, 5),
    st.sampled_from(["append", "end_copy", "standing", "attach", "stop", "__class__"]),
    st.lists(st.integers(-5, 5) | st.text(max_size=3), max_size=6),
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payloads=st.lists(PAYLOAD, min_size=1, max_size=6))
@pytest.mark.usefixtures("replica")
def test_g8_what_a_peer_with_the_key_sends_ends_at_most_its_connection(ends: Ends, payloads: list[bytes]) -> None:
    with ends.authentic() as (_, channel):
        for payload in payloads:
            channel.send(payload)
        ends.turns(20)
    link = ends.link()
    assert ends.result(link.call("standing", tuple(EMPTY)))["last"] == list(EMPTY)
    ends.close_link(link)
