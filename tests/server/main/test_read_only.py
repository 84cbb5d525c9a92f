"""What a main server that serves reads only does with commands: what needs no write is answered, the rest refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from game.accounts.names import Claim
from game.context import Limits
from game.errors import NameTaken
from game.rooms.commands import Create, Join, Move
from server.commit.refusing_committer import RefusingCommitter, stopped_clock
from server.log.entries import Epoch
from server.log.journal.file import open_journal
from server.log.journal.journal import Journal
from server.log.name_stream import name_stream
from server.log.room_stream import room_stream
from server.log.streams import Streams
from server.rooms.room_store import RoomStore
from server.runtime.effects import no_effects
from tests.server.alone import committer_of
from tests.server.timers_by_hand import TimersByHand, result_of
from wire.errors import StorageFailed, TicTacToeError

ROOM = room_stream("abcd")
WITHOUT_PLAYERS = {"width": 3, "height": 3, "in_a_row": 3}


class Diverged(StorageFailed):
    """Another reason for which nothing can be committed."""

    code = "diverged for a test"


STREAMS = Streams(Limits(people=100))


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """A journal with a game that has begun, and a username."""
    journal = open_journal(tmp_path / "journal.db")
    journal.begin_term(Epoch(1, "me"))
    timers = TimersByHand()
    store = RoomStore(STREAMS, journal, timers)
    committer = committer_of(STREAMS, store, journal, timers)
    for stream, command in (
        (ROOM, Create("ada", "create-1", "", "tictactoe", WITHOUT_PLAYERS)),
        (ROOM, Join("ada", "join-ada", "player")),
        (ROOM, Join("bob", "join-bob", "player")),
        (ROOM, Move("ada", "move-one", 4)),
        (name_stream("ada"), Claim("ada", "hash of ada")),
    ):
        result_of(committer.submit(stream, command))
    return journal


@pytest.fixture
def store(journal: Journal) -> RoomStore:
    """A room store that is loaded from it."""
    store = RoomStore(STREAMS, journal, TimersByHand(), service_clock=stopped_clock())
    store.load()
    return store


@pytest.fixture
def committer(store: RoomStore) -> RefusingCommitter:
    """Where its commands go."""
    return RefusingCommitter(STREAMS, store, TimersByHand(), StorageFailed("the disk is full"))


def test_what_was_carried_out_before_is_answered_as_the_first_time(committer: RefusingCommitter) -> None:
    assert result_of(committer.submit(ROOM, Move("ada", "move-one", 4))) == {"version": 5, "seat": "X"}


@pytest.mark.parametrize(
    "command",
    [Move("bob", "move-two", 0), Move("bob", "not a cell", 77), Join("ada", "again", "player")],
    ids=["a move", "a wrong move", "what would change nothing"],
)
def test_what_was_not_is_refused_with_the_reason(
    committer: RefusingCommitter, store: RoomStore, command: Move | Join
) -> None:
    with pytest.raises(StorageFailed, match="the disk is full"):
        result_of(committer.submit(ROOM, command))
    assert store.state_of(ROOM).version == 5


def test_an_owner_has_the_name_again_and_nobody_else_has_it(committer: RefusingCommitter) -> None:
    stream = name_stream("ada")
    assert result_of(committer.submit(stream, Claim("ada", "hash of ada"))) == {"name": "ada"}
    with pytest.raises(NameTaken):
        result_of(committer.submit(stream, Claim("ada", "hash of bob")))
    with pytest.raises(StorageFailed):
        result_of(committer.submit(name_stream("cleo"), Claim("cleo", "hash of cleo")))


def test_the_reason_can_change_and_each_refusal_is_an_error_of_its_own(committer: RefusingCommitter) -> None:
    committer.error = Diverged("two histories")
    refusals: list[TicTacToeError] = []
    for number in range(2):
        with pytest.raises(Diverged, match="two histories") as refused:
            result_of(committer.submit(ROOM, Move("bob", f"move-{number}", 0)))
        refusals.append(refused.value)
    assert refusals[0] is not refusals[1]


def test_a_procedure_with_the_commit_lock_runs_although_nothing_is_committed(committer: RefusingCommitter) -> None:
    """A heartbeat is answered by one."""
    assert committer.locked(no_effects()).settled


def test_time_stands_still_at_what_the_log_has(store: RoomStore) -> None:
    began = store.service_clock.now()
    assert [store.service_clock.tick() for _ in range(3)] == [began] * 3
    store.service_clock.at_least(began + 5000)
    assert store.service_clock.now() == began + 5000


def test_a_journal_that_lacks_listings_is_told_of_all_the_same(journal: Journal, store: RoomStore) -> None:
    listed = {stream: row for stream, _, row in journal.summaries()[0]}
    journal._connection.execute("DELETE FROM listings")
    again = RoomStore(STREAMS, journal, TimersByHand(), service_clock=stopped_clock())
    again.load()
    assert dict(again.unwritten()) == listed
    assert again.index.revision == store.index.revision
    assert again.is_open("abcd")
    assert journal.summaries()[0] == []
