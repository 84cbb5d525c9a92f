"""The index of the book of records: all that is asked of it, however the book came to it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from game.errors import NoSuchGame
from game.forms.records import GameRecord, NameFreed, Record, to_plain
from server.communication.following import FOLLOW_WAIT_S
from server.communication.game_index import FOLLOW_RETRY_S, PAGE, GameIndex
from server.communication.ratings import Pool
from tests.examples import examples
from tests.game.archives import BOOKS, BOTS, NAMES, game_of
from tests.server.communication.naive_archive import NaiveArchive
from tests.server.timers_by_hand import TimersByHand, result_of
from wire.errors import NotReady
from wire.later import Later

ALL = 1000
PIECES = st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=12)
"""How many records come at once, and whether the book has no more of them by then."""
THOROUGH = settings(max_examples=examples(40), deadline=None)


class MainServer:
    """Stands where the main server is: it has the book."""

    def __init__(self, book: Iterable[Record]) -> None:
        self.book = list(book)

    def call(self, method: str, numbers: Sequence[int]) -> list[Mapping[str, Any]]:
        assert method == "records"
        return self.records(numbers)

    def records(self, numbers: Sequence[int]) -> list[Mapping[str, Any]]:
        return [self._written(self.book[number - 1]) for number in numbers]

    def records_after(self, number: int, limit: int, known: int | None = None) -> Mapping[str, Any]:
        """The answer, as over the wire, when the book has so many records."""
        count = len(self.book) if known is None else known
        return {
            "records": [self._written(one) for one in self.book[number : min(number + limit, count)]],
            "count": count,
        }

    @staticmethod
    def _written(record: Record) -> Mapping[str, Any]:
        written: Mapping[str, Any] = json.loads(json.dumps(to_plain(record)))
        return written


class Archive:
    """An index, and a loop for its procedures."""

    def __init__(self, main: MainServer) -> None:
        self.timers = TimersByHand(main.call)
        self.index = GameIndex(self.timers, self.timers.clock)
        self.apply = self.index.apply
        self.rating_of = self.index.rating_of

    @property
    def count(self) -> int:
        return self.index.count

    def leaderboard(self, pool: Pool, limit: int) -> dict[str, object]:
        return self.index.leaderboard(pool, limit)

    def player(self, name: str, limit: int) -> dict[str, Any]:
        found: dict[str, Any] = self.timers.result(self.index.player(name, limit))
        return found

    def games(self, name: str, before: int, limit: int) -> dict[str, Any]:
        found: dict[str, Any] = self.timers.result(self.index.games(name, before, limit))
        return found

    def game(self, number: int) -> Mapping[str, object]:
        found: Mapping[str, object] = self.timers.result(self.index.game(number))
        return found

    def result(self, room: str, number: int) -> Mapping[str, object]:
        """The result, or that there is none, once the time for it is up."""
        asking = self.timers.begin(self.index.result(room, number))
        self.timers.advance(2 * FOLLOW_WAIT_S)
        found: Mapping[str, object] = result_of(asking)
        return found


def archive_of(book: Iterable[Record]) -> Archive:
    """One that has read the whole book at once."""
    main = MainServer(book)
    archive = Archive(main)
    archive.apply(main.records_after(0, len(main.book)))
    return archive


def everything(asked: Archive | NaiveArchive, book: Sequence[Record]) -> dict[object, object]:
    """The answers to all questions about that book."""
    games = [one for one in book if isinstance(one, GameRecord)]
    limits, numbers = {1, 2, 7, len(book) + 1}, range(len(book) + 2)
    answers: dict[object, object] = {("game", number): game_or_none(asked, number) for number in numbers}
    answers |= {("result", one.room, one.number): asked.result(one.room, one.number) for one in games}
    for limit in limits:
        answers |= {("leaderboard", pool, limit): asked.leaderboard(pool, limit) for pool in ("people", "bots")}
        for name in (*NAMES, *BOTS, "nobody"):
            answers["player", name, limit] = asked.player(name, limit)
        for name in ("", "ann", "robo"):
            answers |= {("games", name, at, limit): asked.games(name, at, limit) for at in numbers}
    return answers


def game_or_none(asked: Archive | NaiveArchive, number: int) -> Mapping[str, object] | None:
    try:
        return asked.game(number)
    except NoSuchGame:
        return None


def numbers_of(answer: Mapping[str, Any]) -> list[int]:
    return [game["number"] for game in answer["games"]]


# -- however it came ------------------------------------------------------------------------------------------------


@THOROUGH
@given(BOOKS, PIECES)
def test_in_whatever_pieces_the_book_comes_all_is_answered_as_the_whole_book_says(
    book: list[Record], pieces: list[tuple[int, bool]]
) -> None:
    main = MainServer(book)
    archive = Archive(main)
    for size, all_there_is in [*pieces, (len(book), True)]:
        until = min(archive.count + size, len(book))
        answer = main.records_after(archive.count, size, until if all_there_is else len(book))
        archive.apply(answer)
        assert archive.count == until
        if until == answer["count"]:
            assert archive.games("", 0, 5) == NaiveArchive(book[:until]).games("", 0, 5)
        else:
            assert_not_ready(archive)
    assert everything(archive, book) == everything(NaiveArchive(book), book)


@THOROUGH
@given(BOOKS, st.sampled_from(["", *NAMES]), st.integers(1, 8))
def test_page_after_page_every_game_is_there_once(book: list[Record], name: str, limit: int) -> None:
    archive = archive_of(book)
    found, page = [], archive.games(name, 0, limit)
    while page["earlier"]:
        assert len(numbers_of(page)) == limit
        found += numbers_of(page)
        page = archive.games(name, int(str(page["earlier"])), limit)
        assert numbers_of(page)[:1] < found[-1:], "the way goes back"
    found += numbers_of(page)
    assert found == numbers_of(NaiveArchive(book).games(name, 0, len(book) + 1))


@THOROUGH
@given(BOOKS, BOOKS)
def test_with_a_shorter_book_everything_begins_anew(one: list[Record], another: list[Record]) -> None:
    longer, shorter = sorted([[*one, game_of("ann", "bob", room="long")], another], key=len, reverse=True)
    if len(longer) == len(shorter):
        shorter = shorter[:-1]
    main = MainServer(longer)
    archive = Archive(main)
    archive.apply(main.records_after(0, len(longer)))
    main.book = shorter
    archive.apply(main.records_after(archive.count, len(longer)))
    assert archive.count == 0
    assert_not_ready(archive)
    archive.apply(main.records_after(0, len(longer)))
    assert everything(archive, shorter) == everything(NaiveArchive(shorter), shorter)
    assert all(game_or_none(archive, number) is None for number in range(len(shorter) + 1, len(longer) + 1))


class Line:
    """A connection to the main server, over which some questions are not answered, and the book grows meanwhile."""

    def __init__(self, main: MainServer, growth: Sequence[int]) -> None:
        """``growth``: by how many records the book is longer at each question; 0: the question is not answered."""
        self._main = main
        self._growth = list(growth)
        self._known = 0
        self._is_complete = False  # whether the last answer had all that there was
        self.told_all = False

    def call(self, method: str, number: int, limit: int, wait_s: float) -> Mapping[str, Any] | Later:
        assert (method, limit) == ("records_after", PAGE)
        assert wait_s == (FOLLOW_WAIT_S if self._is_complete else 0.0), "there is no need to wait while there is more"
        if self.told_all:
            return Later()  # there is no news any more
        more = self._growth.pop(0) if self._growth else ALL
        if not more:
            self._is_complete = False  # the next main server may have more
            raise NotReady("the main server is being replaced")
        self._known = min(self._known + more, len(self._main.book))
        answer = self._main.records_after(number, min(limit, 4), self._known)
        end = number + len(answer["records"])
        self._is_complete = end == answer["count"]
        self.told_all = not self._growth and end == len(self._main.book)
        return answer


@THOROUGH
@given(BOOKS, st.lists(st.integers(0, 6), max_size=12))
def test_it_keeps_up_with_a_book_that_grows_though_not_every_question_is_answered(
    book: list[Record], growth: list[int]
) -> None:
    main = MainServer(book)
    archive = Archive(main)
    line = Line(main, growth)
    following = TimersByHand(line.call)
    following.begin(archive.index.follow())
    pauses = growth.count(0)
    for _ in range(pauses):
        assert not line.told_all, "it pauses after each failure"
        following.advance(FOLLOW_RETRY_S)
    assert line.told_all
    assert everything(archive, book) == everything(NaiveArchive(book), book)


# -- until it is complete -------------------------------------------------------------------------------------------


def assert_not_ready(archive: Archive) -> None:
    with pytest.raises(NotReady):
        archive.leaderboard("people", 1)
    with pytest.raises(NotReady):
        archive.player("ann", 1)
    with pytest.raises(NotReady):
        archive.games("", 0, 1)


def test_before_anything_was_read_nothing_is_listed_and_everybody_has_the_first_rating() -> None:
    archive = Archive(MainServer([]))
    assert_not_ready(archive)
    assert archive.rating_of("ann") == 1500.0
    archive.apply({"records": [], "count": 0})
    assert archive.games("", 0, 1) == {"games": [], "earlier": 0}


def test_while_the_book_is_read_results_are_found_and_ratings_are_as_far_as_it_was_read() -> None:
    main = MainServer([game_of("ann", "bob", room="abcd", number=1), game_of("ann", "bob", room="abcd", number=2)])
    archive = Archive(main)
    archive.apply(main.records_after(0, 1))
    assert_not_ready(archive)
    assert archive.result("abcd", 1)["number"] == archive.game(1)["number"] == 1
    for ask in (lambda: archive.game(2), lambda: archive.result("abcd", 2)):
        with pytest.raises(NotReady):  # there may be such a game
            ask()
    assert round(archive.rating_of("ann")) == 1607


# -- private games --------------------------------------------------------------------------------------------------


def test_a_private_game_is_in_no_list_and_rates_nobody_but_is_found_by_its_room() -> None:
    archive = archive_of([game_of("ann", "bob", room="hide", private=True), game_of("ann", "eve", None, room="show")])
    assert numbers_of(archive.games("", 0, 9)) == numbers_of(archive.games("ann", 0, 9)) == [2]
    assert numbers_of(archive.player("bob", 9)) == []
    assert archive.player("bob", 9)["people"] is None
    assert archive.rating_of("ann") == archive.rating_of("bob") == 1500.0
    assert game_or_none(archive, 1) is None
    found = archive.result("hide", 1)
    assert (found["number"], found["changes"]) == (1, {})


# -- names that were let go -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("freed", ["ann", "ANN"])
def test_games_of_a_name_that_was_let_go_are_not_its_next_owners_but_still_in_the_list_of_all(freed: str) -> None:
    first, second = game_of("ann", "bob", room="old1"), game_of("ann", "bob", None, room="new1")
    archive = archive_of([first, NameFreed(freed)])
    assert archive.player("ann", 9) == {"name": "ann", "people": None, "bots": None, "games": [], "earlier": 0}
    assert archive.rating_of("ann") == 1500.0

    archive = archive_of([first, NameFreed(freed), second])
    assert numbers_of(archive.player("ann", 9)) == numbers_of(archive.games("Ann", 0, 9)) == [3]
    assert numbers_of(archive.player("bob", 9)) == numbers_of(archive.games("", 0, 9)) == [3, 1]
    assert archive.game(1)["record"] == to_plain(first)
    assert archive.result("old1", 1)["changes"] == {"ann": (1500, 1607), "bob": (1500, 1393)}


# -- a result that is asked for early -------------------------------------------------------------------------------


@pytest.mark.parametrize("private", [False, True])
def test_who_asks_for_a_result_before_the_book_was_read_waits_for_that_game(private: bool) -> None:
    main = MainServer([game_of("ann", "bob", room="this"), game_of("ann", "bob", room="that", private=private)])
    archive = Archive(main)
    asking = archive.timers.begin(archive.index.result("that", 1))
    archive.apply(main.records_after(0, 1))
    archive.timers.run()
    assert not asking.settled, "another game is not the one"
    archive.apply(main.records_after(1, 1))
    archive.timers.run()
    found = result_of(asking)
    assert found == archive.result("that", 1)
    assert found["number"] == 2


def test_a_result_is_waited_for_no_longer_than_its_time() -> None:
    archive = archive_of([])
    asking = archive.timers.begin(archive.index.result("that", 1))
    archive.timers.advance(0.9 * FOLLOW_WAIT_S)
    assert not asking.settled
    archive.timers.advance(0.2 * FOLLOW_WAIT_S)
    assert isinstance(asking.error, NoSuchGame)


@pytest.mark.parametrize(("room", "number"), [("that", 1), ("this", 2), ("", 0)])
def test_a_result_that_does_not_come_is_no_such_game(room: str, number: int) -> None:
    archive = archive_of([game_of("ann", "bob", room="this")])
    with pytest.raises(NoSuchGame):
        archive.result(room, number)


def test_what_could_not_be_read_is_read_again_when_something_was_mended_or_another_term_begins() -> None:
    main = MainServer(game_of("ann", "bob", number=number) for number in range(1, 4))
    archive = Archive(main)
    for mended in ((1, 0), (1, 1), (2, 0)):
        answer = main.records_after(archive.count, ALL)
        answer["records"][1] = {"lost": True}
        archive.apply({**answer, "mended": mended})
        assert archive.count == 3
        archive.apply({"count": 3, "records": [], "mended": mended})
        assert archive.count == 3
        archive.apply({"count": 3, "records": [], "mended": (mended[0], mended[1] + 1)})
        assert archive.count == 0
    archive.apply({**main.records_after(0, ALL), "mended": (2, 1)})
    archive.apply({"count": 3, "records": [], "mended": (3, 0)})
    assert archive.count == 3, "all of it was read"


def test_a_record_that_cannot_be_read_is_left_out_and_the_others_are_shown() -> None:
    main = MainServer(game_of("ann", "bob", number=number) for number in range(1, 4))
    answer = main.records_after(0, ALL)
    answer["records"][1] = {"kind": "game", "room": 7}
    archive = Archive(main)
    archive.apply(answer)
    assert numbers_of(archive.games("", 0, ALL)) == [3, 1]
