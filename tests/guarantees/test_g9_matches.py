"""G9 around matches: talk, who was removed, the book of records, the house bot and who waits all have their limits."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import msgpack
import pytest

from client import Cluster as Connection
from client import RoomClient, connect
from client.room import new_request_id
from game.context import Context, Limits
from game.errors import TooOften
from game.forms import views
from game.forms.records import RECORDS_OF_A_SEGMENT
from game.forms.snapshot_codec import encode
from game.games.registry import CLOCKS
from game.games.tictactoe import BOARDS
from game.match.selection import SeekFilter
from game.rooms.access import MOST_REMOVED
from game.rooms.chat import KEPT_LINES, LINES_OF_PERSON, LINES_OF_SPECTATORS, LONGEST_LINE, RATE_MS
from game.rooms.commands import Create, Join, Rematch, Remove, Resign, Say
from game.rooms.decide import decide
from game.rooms.evolve import evolve
from game.rooms.state import Room, nothing
from server.control.cluster import ClusterControl
from server.log.archive_stream import AddRecord, segment_stream
from server.log.batch import Batch
from server.log.entries import Entry, Epoch, StreamSummary
from server.log.journal.compaction import Compactor
from server.log.journal.file import open_journal
from server.log.journal.journal import Journal
from server.log.streams import Streams
from server.rooms.archive_reader import MOST_BYTES
from server.rooms.event_feed import ROOM_OF_AN_EVENT
from server.rooms.room_store import RoomStore
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import HANG_S, Game, ask_once
from tests.server.timers_by_hand import TimersByHand
from verify.testbed.local_cluster import sandbox_cluster
from wire import MAIN
from wire.errors import Busy

LIMITS = Limits(people=1500)
AT_FIRST = Context()
MOST_BOT_MATCHES = 5
MOST_ROOMS = MOST_BOT_MATCHES + 2
LONG_LINE = "漢" * LONGEST_LINE


def in_turn(room: Room, commands: Iterator[tuple[Any, int]]) -> Room:
    """The room after these commands, each at its service time."""
    for command, at in commands:
        for event in decide(room, command, Context(at=at), LIMITS):
            room = evolve(room, event)
    return room


def busy_room(talkers: int, lines: int) -> Room:
    def commands() -> Iterator[tuple[Any, int]]:
        yield Create("owner", "create-it", "", "tictactoe", {}), 0
        for number in range(talkers):
            yield Join(f"w{number}", "join-12345", "spectator"), 0
        for number in range(lines):
            yield Say(f"w{number % talkers}", f"say-{number:08}", LONG_LINE), number * RATE_MS

    return in_turn(nothing("abcd2345"), commands())


def test_g9_a_room_keeps_its_last_lines_and_no_more() -> None:
    few, many = busy_room(10, KEPT_LINES), busy_room(10, KEPT_LINES * 4)
    assert len(views.talk(few)) == len(views.talk(many)) == KEPT_LINES
    assert views.talk(many)[-1]["at"] == (KEPT_LINES * 4 - 1) * RATE_MS
    assert len(json.dumps(encode(many))) < len(json.dumps(encode(few))) * 1.1


def test_g9_who_was_removed_is_remembered_up_to_a_number() -> None:
    def removals() -> Iterator[tuple[Any, int]]:
        for number in range(MOST_REMOVED * 3):
            yield Join(f"x{number}", "join-12345", "spectator"), 0
            yield Remove("owner", f"remove-{number}", f"x{number}"), 0

    room = in_turn(busy_room(1, 1), removals())
    assert len(room.access.removed) == MOST_REMOVED
    assert room.access.removed[-1] == f"x{MOST_REMOVED * 3 - 1}"
    assert len(room.requests) < MOST_REMOVED, "and requests of those who are gone are forgotten, too"


@pytest.fixture(scope="module")
def filling() -> Iterator[ClusterControl]:
    """A cluster with little room, which these tests fill in their order, since nobody can close the room of a match:
    who waits finds it empty, who waits for room leaves it one match, the last leaves all those with the house bot.
    """
    with sandbox_cluster(
        hang_s=HANG_S, max_bot_matches=MOST_BOT_MATCHES, max_rooms=MOST_ROOMS, max_wait_s=0.2
    ) as cluster:
        yield cluster


@pytest.fixture
def in_filling(filling: ClusterControl) -> Iterator[Connection]:
    with connect(filling.name_server, deadline_s=PATIENCE_S) as connection:
        yield connection


def test_g9_one_person_and_all_who_watch_say_so_much_at_a_time(in_filling: Connection) -> None:
    with closing(Game(in_filling, ("talks first", "talks second"))) as game:
        rooms_ = [in_filling.claim(f"watcher{number}").room(game.x.id) for number in range(6)]
        for room in rooms_:
            room.join("spectator")
        assert sum(can_say(room, LINES_OF_PERSON + 2) for room in rooms_) == LINES_OF_SPECTATORS
        assert [can_say(room, LINES_OF_PERSON + 2) for room in (game.x, game.o)] == [LINES_OF_PERSON] * 2


def can_say(room: RoomClient, most: int) -> int:
    """How many lines somebody can say at once."""
    for number in range(most):
        try:
            room.say("hello")
        except TooOften:
            return number
    return most


# -- the book ------------------------------------------------------------------------------------------------------


class Book:
    """A journal with a book of records, written as a main server does, without anybody else."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.streams = Streams(LIMITS)
        self.store = RoomStore(self.streams, journal, TimersByHand())
        self.store.load()

    def play(self, games: int) -> None:
        """Play so many games to their end in one room."""
        room = nothing("abcd2345")
        moment = Context()
        commands: list[Any] = [Create("ada", "create-it", "", "tictactoe", {"width": 10, "height": 10, "in_a_row": 10})]
        commands += [Join("ada", "join-ada", "player"), Join("bob", "join-bob", "player")]
        for game in range(games):
            commands += [Resign("ada", f"resign-{game}")]
            commands += [Rematch(name, f"again-{game}-{name}") for name in ("ada", "bob")]
        kind = self.streams.kind_of("room/abcd2345")
        for command in commands:
            for event in decide(room, command, moment, LIMITS):
                before, room = room, evolve(room, event)
                record = kind.record(before, event, room)
                if record is not None:
                    number = self.store.states.records + 1
                    self._write(segment_stream(number), AddRecord(number, record))

    def _write(self, stream: str, command: Any, moment: Context = AT_FIRST) -> None:
        kind, draft = self.streams.kind_of(stream), Batch(moment)
        state = self.store.state_of(stream)
        for event in kind.decide(state, command, moment):
            state = draft.states[stream] = kind.evolve(state, event)
            position = self.journal.last.position + len(draft.entries) + 1
            draft.entries.append(Entry(position, 1, stream, state.version, kind.write_event(event)))
            draft.events.append(event)
        draft.summaries.append(StreamSummary(stream, draft.entries[-1].position, kind.row(state)))
        self.journal.append(draft.entries, draft.summaries)
        self.store.publish(draft)

    def talk(self, lines: int) -> None:
        """Say so many lines in a room, each as long as lines can be."""
        name = "漢" * 20
        self._write("room/abcd2345", Create(name, "create-it", "", "tictactoe", {}))
        self._write("room/abcd2345", Join(name, "join-12345", "player"))
        for number in range(lines):
            self._write("room/abcd2345", Say(name, f"say-{number:060}", LONG_LINE), Context(at=number * RATE_MS))


@pytest.fixture
def book(tmp_path: Path) -> Book:
    journal = open_journal(tmp_path / "journal.db")
    journal.begin_term(Epoch(1, "me"))
    return Book(journal)


def test_g9_a_volume_of_the_book_is_never_longer_than_that_and_never_compacted(book: Book) -> None:
    book.play(RECORDS_OF_A_SEGMENT + 1)
    compactor = Compactor(
        book.journal,
        book.streams,
        every=5,
        keep_events=5,
        upto=lambda: book.store.published,
        in_memory=book.store.cached,
    )
    while compactor.compact_some():
        pass
    lengths = [len(book.journal.copy(f"book/{segment}").entries) for segment in range(2)]
    assert lengths == [RECORDS_OF_A_SEGMENT, 1]
    again = RoomStore(book.streams, book.journal, TimersByHand())
    again.load()
    assert again.states.records == book.store.states.records == RECORDS_OF_A_SEGMENT + 1
    assert again.archive.records_numbered([RECORDS_OF_A_SEGMENT, RECORDS_OF_A_SEGMENT + 1])


def test_g9_the_book_is_read_in_pieces_that_fit_into_any_message(book: Book) -> None:
    book.play(300)
    read: list[dict[str, Any]] = []
    while len(read) < book.store.states.records:
        piece = book.store.archive.records_after(len(read), 1000)["records"]
        assert piece
        assert len(json.dumps(piece)) < MOST_BYTES * 1.2
        read += piece
    assert [record["number"] for record in read] == list(range(1, 301))


def test_g9_news_of_a_room_where_much_was_said_fit_into_the_smallest_message(book: Book) -> None:
    smallest = 1 << 16
    store = book.store = RoomStore(book.streams, book.journal, TimersByHand(), most_events=smallest // ROOM_OF_AN_EVENT)
    store.load()
    book.talk(150)
    version, seen = 0, 0
    while version < store.view("abcd2345")["version"]:
        news = store.news("abcd2345", version)
        assert len(msgpack.packb(news)) < smallest
        seen += len(news["events"])
        version = news["version"]
    assert seen == version == 152
    assert len(msgpack.packb(store.view("abcd2345"))) < smallest


# -- matches -------------------------------------------------------------------------------------------------------


def position(connection: Connection) -> int:
    """Where the main server's log ends."""
    servers = connection.ask("servers")["servers"]
    return next(int(server["position"]) for server in servers if server["role"] == MAIN)


def test_g9_who_waits_costs_nothing_on_disk(filling: ClusterControl, in_filling: Connection) -> None:
    wishes = [SeekFilter(board, clock) for board in BOARDS for clock in CLOCKS]
    people = [in_filling.claim(f"waits{number}") for number in range(len(wishes))]
    wait_until(lambda: in_filling.rooms() == [], what="the room of those who talked is closed")
    before = position(in_filling)

    def ask(number: int) -> int:
        with connect(filling.name_server, deadline_s=PATIENCE_S) as own:
            ticket, waited = "", 0
            while waited < 3:
                answer = own.ask("seek", people[number].token, wishes[number]._asdict(), ticket, 0.2)
                assert answer["waiting"], "no two of these go together"
                ticket = answer["ticket"]
                waited += 1
            return int(answer["others"])

    with ThreadPoolExecutor(len(people)) as pool:
        others = list(pool.map(ask, range(len(people))))
    assert max(others) > 0, "they waited side by side"
    assert position(in_filling) == before
    assert in_filling.rooms() == []
    for one in people:
        one.cancel_seek()


def test_g9_with_no_room_left_people_wait_until_there_is_one(filling: ClusterControl, in_filling: Connection) -> None:
    players = [in_filling.claim(name) for name in ("ada", "bob")]
    carol = in_filling.claim("carol")
    rooms = [carol.create(f"number {number}") for number in range(MOST_ROOMS)]
    with pytest.raises(Busy, match="MAX_ROOMS"):
        ask_once(filling, "play_house_bot", players[0].token, new_request_id(), {})
    found: list[str] = []
    waiting: set[int] = set()

    def seek(number: int) -> None:
        own = in_filling.claim(players[number].name, token=players[number].token)
        match = own.seek(on_wait=lambda _: waiting.add(number))
        assert match is not None
        found.append(match.id)

    seeking = [threading.Thread(target=seek, args=(number,)) for number in range(2)]
    for thread in seeking:
        thread.start()
    wait_until(lambda: len(waiting) == 2)
    assert not found
    rooms.pop().close()
    for thread in seeking:
        thread.join(PATIENCE_S)
    assert len(found) == 2
    assert len(set(found)) == 1
    for room in rooms:
        room.close()


def test_g9_the_house_bot_plays_so_many_matches(filling: ClusterControl, in_filling: Connection) -> None:
    before = {row.room for row in in_filling.rooms()}
    people = [in_filling.claim(f"plays{number}") for number in range(MOST_BOT_MATCHES + 1)]
    played = {one.play_house_bot().id for one in people[:-1]}
    assert len(played) == MOST_BOT_MATCHES
    with pytest.raises(Busy, match="MAX_BOT_MATCHES"):
        ask_once(filling, "play_house_bot", people[-1].token, new_request_id(), {})
    assert people[0].play_house_bot().id in played, "who is in one is told which"
    assert {row.room for row in in_filling.rooms()} - before == played
