"""A client that follows a room by events shows what the servers show, whatever version the servers have."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.room import RoomClient
from client.room_news import News
from client.views import view_from
from game.context import Context, Limits
from game.forms import views
from game.rooms.chat import KEPT_LINES, Line
from game.rooms.commands import Command, Say
from game.rooms.events import Said
from game.rooms.state import Room
from server.log.batch import Batch
from server.log.entries import Entry, Epoch, StreamSummary
from server.log.journal.compaction import Compactor
from server.log.journal.file import open_journal
from server.log.room_stream import room_stream
from server.log.streams import Streams
from server.rooms.room_store import RoomStore
from tests.game.playing import UNTIMED, played, started
from tests.game.workload import AND_THEN, OPENINGS, STEPS, Play, Step, plays
from tests.server.timers_by_hand import TimersByHand
from wire.errors import TooLarge

ROOM = "abcd"
STREAM = room_stream(ROOM)
STREAMS = Streams(Limits(people=10))
Change = Callable[[dict[str, Any]], None]
"""What a server of another version answers otherwise."""


class NothingMore(Exception):
    """The client waits, and everything has happened."""


class Server:
    """A server's rooms behind a connection that carries msgpack. Whenever the client waits, the next action is done."""

    def __init__(self, folder: Path, play: Play) -> None:
        self._play = play
        self._journal = open_journal(folder / "journal.db")
        self._journal.begin_term(Epoch(1, "me"))
        self._compactor = Compactor(self._journal, STREAMS, every=2, keep_events=2, upto=lambda: self.published)
        self.published = 0
        self.actions: list[Callable[[], None]] = []
        self.forms: list[str] = []
        self.is_old = False
        self.change: Change = lambda _: None
        self.take_over()

    def take_over(self) -> None:
        """Another main server continues."""
        self._store = RoomStore(STREAMS, self._journal, TimersByHand(), most_events=4)
        self._store.load()

    def happen(self, count: int) -> None:
        """Commit at least so many of the next events together, those of one request always."""
        first, every = self.published, self._play.events
        last = min(first + count, len(every))
        while first < last < len(every) and every[last].request_id == every[last - 1].request_id:
            last += 1
        if first == last:
            return
        events, self.published = every[first:last], last
        state = self._play.seen[self.published]
        batch, kind = Batch(Context()), STREAMS.kind_of(STREAM)
        for number, event in enumerate(events, first + 1):
            batch.entries.append(Entry(number, 1, STREAM, number, kind.write_event(event)))
            batch.events.append(event)
        batch.states[STREAM] = state
        batch.summaries.append(StreamSummary(STREAM, self.published, kind.row(state)))
        self._journal.append(batch.entries, batch.summaries)
        self._compactor.count_entries(batch.entries)
        self._store.publish(batch)

    def compact(self) -> None:
        """Replace old events by a snapshot, and forget those in memory."""
        self._compactor.compact_some()
        self.take_over()

    def call(self, method: str, *arguments: Any, named: dict[str, str], **_limits: object) -> Any:
        """Answer ``view`` and ``wait`` as the servers do. An old server ignores what it does not know."""
        form = "view" if self.is_old else named["form"]
        self.forms.append(form)
        if method == "view":
            answer = self._store.view(ROOM, form)
        else:
            after_version, wait_s = arguments[1:3]
            while wait_s and after_version == self._store.room(ROOM).version:
                if not self.actions:
                    raise NothingMore
                self.actions.pop(0)()
            answer = self._store.news(ROOM, after_version, form)
        sent = msgpack.unpackb(msgpack.packb(answer))
        self.change(sent)
        return sent

    def close(self) -> None:
        """Nothing is open."""

    def news(self, after_version: int | None = None) -> Iterator[News]:
        """What a client's ``watch`` yields until everything has happened."""
        room = RoomClient(ROOM, "eve", "t", lambda _: self)  # type: ignore[arg-type, return-value]
        watch = room.watch(after_version)
        while True:
            try:
                yield next(watch)
            except (NothingMore, StopIteration):
                return


@pytest.fixture
def play() -> Play:
    """A game of six moves with talk."""
    return _play_of(Say("ann", "say-1", "hello"), Say("bob", "say-2", "hello, too"))


def _play_of(*commands: Command) -> Play:
    play = plays(OPENINGS[0], [Step(0, "cleo", "join", "player"), Step(0, "ann", "join", "player")])
    for command in commands:
        play.carry_out(command)
    for number, cell in enumerate((0, 3, 1, 4, 8, 2)):
        play.carry_out(play.command(number, Step(10, play.room.seats["XO"[number % 2]] or "", "move", cell)))  # type: ignore[index]
    return play


@pytest.fixture
def server(tmp_path: Path, play: Play) -> Server:
    """A server at version 1, where one event after the other is going to happen."""
    server = Server(tmp_path, play)
    server.happen(1)
    server.actions = [lambda: server.happen(1)] * (len(play.events) - 1)
    return server


def check(play: Play, seen: Sequence[News], since: int = 0) -> None:
    """Compare each news with the room at its version: the view, the events and, from a version on, the chat."""
    lines: list[Line] = list(play.seen[since].talk)
    version = None
    for news in seen:
        room = play.seen[news.shown.version]
        assert news.view == view_from(views.view(room))
        numbers = [number for number, _ in news.events]
        assert numbers == list(range(news.view.version + 1 - len(numbers), news.view.version + 1))
        assert [event for _, event in news.events] == play.events[numbers[0] - 1 : numbers[-1]] if numbers else True
        if version is not None and not news.gap:
            assert news.view.version == version + len(numbers)
        version = news.view.version
        known = lines[-1].version if lines else 0
        lines += [line for line in news.talk if line.version > known]
        said = [(number, event) for number, event in news.events if isinstance(event, Said) and number > known]
        lines += [Line(number, e.by, e.seat, e.text, e.at, e.date) for number, e in said if not news.talk]
        assert tuple(lines[-KEPT_LINES:]) == room.talk
    assert version == len(play.events)


# -- servers of this version ----------------------------------------------------------------------------------------


def test_after_the_state_only_events_and_checksums_are_asked_for(server: Server, play: Play) -> None:
    seen = list(server.news())
    check(play, seen)
    assert server.forms == ["state"] + ["checksum"] * len(seen)


def test_events_since_a_version_come_with_the_state(server: Server, play: Play) -> None:
    server.happen(3)
    first, *others = server.news(1)
    assert [number for number, _ in first.events] == [2, 3, 4]
    check(play, [first, *others])
    assert server.forms[:2] == ["state", "checksum"]
    assert "view" not in server.forms


def test_after_a_gap_the_state_is_asked_for_again(server: Server, play: Play) -> None:
    watch = server.news()
    seen = [next(watch)]
    server.happen(6)
    server.compact()
    seen += watch
    check(play, seen)
    assert [news.gap for news in seen[:3]] == [False, True, False]
    assert seen[1].talk == play.seen[seen[1].view.version].talk
    assert server.forms[:4] == ["state", "checksum", "state", "checksum"]
    assert "view" not in server.forms


# -- servers of another version -------------------------------------------------------------------------------------


def test_an_old_server_that_sends_views_is_followed_by_views(server: Server, play: Play) -> None:
    server.is_old = True
    check(play, list(server.news()))


def test_servers_that_are_replaced_by_older_or_newer_ones_are_followed(server: Server, play: Play) -> None:
    def replace() -> None:
        server.is_old = not server.is_old
        server.take_over()

    server.actions = [action for happens in server.actions for action in (happens, replace)]
    check(play, list(server.news()))
    assert set(server.forms) == {"view", "state", "checksum"}


def renamed(answer: dict[str, Any]) -> None:
    """The second move is an event that this version does not know."""
    for event in answer.get("events", ()):
        if event["kind"] == "moved" and event["move"] == 3:
            event["kind"] = "moved_in_a_new_way"


def test_an_unknown_event_is_missing_and_the_views_show_its_result(
    server: Server, play: Play, caplog: pytest.LogCaptureFixture
) -> None:
    server.change = renamed
    with caplog.at_level(logging.WARNING):
        seen = list(server.news())
    check(play, seen)
    after = next(number for number, news in enumerate(seen) if news.gap)
    assert seen[after].events == ()
    assert seen[after].view.moves[-1] == ("O", 3)
    assert [news.gap for news in seen].count(True) == 1
    assert server.forms == ["state", *["checksum"] * after, *["view"] * (len(seen) - after + 2)]
    assert caplog.text.count("cannot be followed") == 1


def test_an_old_client_of_views_goes_on_after_an_unknown_event(server: Server, play: Play) -> None:
    server.is_old, server.change = True, renamed
    seen = list(server.news())
    check(play, seen)
    assert [news.gap for news in seen].count(True) == 1


@pytest.mark.parametrize(
    "field",
    [
        pytest.param({"checksum": 1}, id="the rooms differ"),
        pytest.param({"state": {"format": 3}}, id="another format"),
        pytest.param({"state": {"format": 2}}, id="a field is missing"),
        pytest.param({"state": 7}, id="no state"),
    ],
)
def test_a_room_that_cannot_be_followed_is_never_shown(
    server: Server, play: Play, field: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    server.change = lambda answer: answer.update({name: field[name] for name in field if name in answer})
    with caplog.at_level(logging.WARNING):
        check(play, list(server.news()))
    assert "cannot be followed" in caplog.text
    assert server.forms[-1] == "view"


def test_an_event_that_the_client_takes_for_impossible_leads_to_views(server: Server, play: Play) -> None:
    def otherwise(answer: dict[str, Any]) -> None:
        if "state" in answer:
            answer["state"]["seats"] = {"X": "cleo", "O": None}

    server.change = otherwise
    seen = list(server.news())
    check(play, seen[1:])
    assert server.forms[-1] == "view"


def test_a_state_that_is_too_large_is_replaced_by_views(server: Server, play: Play) -> None:
    def too_large(answer: dict[str, Any]) -> None:
        if "state" in answer:
            raise TooLarge("the message is larger than the limit")

    for after_version in (None, 1):
        server.change = too_large
        server.actions = [lambda: server.happen(1)] * (len(play.events) - 1)
        seen = list(server.news(after_version))
        check(play, seen)


# -- everything together --------------------------------------------------------------------------------------------

DOINGS = st.lists(st.sampled_from(["1 event", "2 events", "9 events", "compact", "take over", "old", "new"]))


@UNTIMED
@given(st.sampled_from(OPENINGS), STEPS, AND_THEN, DOINGS, st.integers(0, 12) | st.none())
def test_every_view_is_the_servers(
    opening: Command, steps: list[Step], end: list[Step], doings: list[str], after_version: int | None
) -> None:
    play = plays(opening, steps + end)
    with TemporaryDirectory() as folder:
        server = Server(Path(folder), play)

        def do(doing: str) -> None:
            if doing in ("old", "new"):
                server.is_old = doing == "old"
            elif doing == "compact":
                server.compact()
            elif doing == "take over":
                server.take_over()
            else:
                server.happen(int(doing.partition(" ")[0]))

        first = min(after_version or 1, len(play.events))
        server.happen(first)
        first = server.published
        server.actions = [lambda doing=doing: do(doing) for doing in doings]  # type: ignore[misc]
        server.actions += [lambda: server.happen(5)] * (len(play.events) // 5 + 1)
        seen = list(server.news(None if after_version is None else min(after_version, first)))
        if seen or first < len(play.events):
            check(play, seen, min(after_version or 0, first))


def test_a_view_is_made_when_it_is_read() -> None:
    room: Room = played(started(), 4)
    news = News((), room, gap=False)
    assert "view" not in vars(news)
    assert news.view is news.view
    assert news.view == view_from(views.view(room))
