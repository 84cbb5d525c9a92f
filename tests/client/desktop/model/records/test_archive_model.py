"""Pages of the archive: whose they are, and what comes after what is shown."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from client.desktop.model.base.background import Background as OneBackground
from client.desktop.model.base.background import Task
from client.desktop.model.records.archive import ArchiveModel
from client.game_archive import Games, Played, PlayerPage, RatingEntry
from game.errors import InvalidArgument
from game.forms.records import record_of
from tests.conditions import PATIENCE_S, wait_until
from tests.game.playing import won_by_x

PAGE = 2
RECORD = record_of(won_by_x())


class Servers:
    """Stands where the cluster is: everybody has games of every number, ann of every even one."""

    def __init__(self) -> None:
        self.last = 7
        self.refusal = ""
        self.answers_about_earlier = threading.Event()
        self.answers_about_earlier.set()

    def games(self, *, name: str = "", before: int = 0) -> Games:
        if before:
            assert self.answers_about_earlier.wait(PATIENCE_S)
        if self.refusal:
            raise InvalidArgument(self.refusal)
        numbers = range(min(before - 1, self.last) if before else self.last, 0, -1)
        found = [number for number in numbers if not name or number % 2 == 0]
        shown = tuple(Played(number, RECORD, {}) for number in found[:PAGE])
        return Games(shown, shown[-1].number if found[PAGE:] else 0)

    def player_page(self, name: str) -> PlayerPage:
        return PlayerPage(name, RatingEntry(name, 1526, 180, 7, 4, 1, 2), None, Games((), 0))


class Background(OneBackground):
    """One that knows of its threads whether they have ended."""

    def __init__(self) -> None:
        super().__init__()
        self.begun: list[Task] = []

    def run(self, *work: Any) -> Task:
        self.begun.append(super().run(*work))
        return self.begun[-1]


class Reader:
    """Somebody in front of a page."""

    def __init__(self) -> None:
        self.servers = Servers()
        self.background = Background()
        self.archive = ArchiveModel(self.servers, self.background)  # type: ignore[arg-type]

    def see(self, condition: Callable[[], object]) -> None:
        wait_until(lambda: (self.background.drain(), condition())[1])

    @property
    def numbers(self) -> list[int]:
        shown = self.archive.games.value
        return [] if shown is None else [game.number for game in shown.games]


@pytest.fixture
def reader() -> Reader:
    return Reader()


def test_page_after_page_comes_after_what_is_shown_until_there_is_no_earlier_game(reader: Reader) -> None:
    reader.archive.show()
    for shown in ([7, 6], [7, 6, 5, 4], [7, 6, 5, 4, 3, 2], [7, 6, 5, 4, 3, 2, 1]):
        reader.see(lambda shown=shown: reader.numbers == shown)
        assert reader.archive.has_earlier == (shown[-1] != 1)
        reader.archive.show_earlier()
    assert reader.archive.games.message == "", "nothing is asked when there is nothing earlier"


def test_a_players_page_has_their_results_and_their_games_alone(reader: Reader) -> None:
    reader.archive.show("ann")
    reader.see(lambda: reader.numbers and reader.archive.page.value)
    assert reader.numbers == [6, 4]
    assert reader.archive.results == "Among people: 1526 ± 180, 4 won, 1 drawn, 2 lost\nWith bots: no rated game yet"
    reader.archive.show_earlier()
    reader.see(lambda: reader.numbers == [6, 4, 2])
    reader.archive.show()
    assert (reader.numbers, reader.archive.results) == ([], ""), "nothing of the page before is left"
    reader.see(lambda: reader.numbers == [7, 6])


def test_what_was_asked_for_another_page_does_not_come_into_this_one(reader: Reader) -> None:
    reader.archive.show()
    reader.see(lambda: reader.numbers == [7, 6])
    reader.servers.answers_about_earlier.clear()
    reader.archive.show_earlier()
    reader.archive.show("ann")
    reader.see(lambda: reader.numbers and reader.archive.page.value)
    reader.servers.answers_about_earlier.set()
    reader.see(lambda: all(task.done.is_set() for task in reader.background.begun))
    reader.see(lambda: reader.background.drain() == 0)
    assert reader.numbers == [6, 4]


def test_instead_of_a_list_it_is_said_why_there_is_none(reader: Reader) -> None:
    reader.servers.last = 0
    reader.archive.show()
    assert reader.archive.hint == "Loading …"
    reader.see(lambda: reader.archive.hint == "No finished game yet.")
    reader.servers.refusal = "the list cannot be had"
    reader.archive.show()
    reader.see(lambda: reader.archive.hint == "The list cannot be had.")
    reader.servers.refusal, reader.servers.last = "", 7
    reader.archive.show()
    reader.see(lambda: reader.archive.hint == "")
    assert reader.numbers == [7, 6]
