"""What looks chosen is what the servers have as one's own proposal, at every instant.

The room is decided by the game's own code, in this process: no lots are drawn however long a busy machine takes.
"""

from __future__ import annotations

import threading
from typing import cast

from client.desktop.model.base.background import Background
from client.desktop.model.base.connection_state import Link
from client.desktop.model.base.pending_command import PendingCommand
from client.desktop.model.room.selection import SelectionModel
from client.room import RoomClient
from client.texts.games import PARTS, Part
from game.forms.room_view import View
from game.match.selection import Proposal
from game.rooms.commands import Propose
from game.rooms.remembered_requests import CommandAnswer
from game.rooms.state import Room
from tests.client.desktop.model.seen import seen
from tests.conditions import wait_until
from tests.game.playing import after, matched

NOTHING: dict[Part, list[str | int]] = {"board": [], "best_of": [], "clock": []}


class Table:
    """A match that selects, with its windows; news reach them when ``tell`` is called."""

    def __init__(self) -> None:
        self.room: Room = matched()
        self.answers = threading.Event()
        self.answers.set()
        self.windows: list[Window] = []

    def tell(self) -> None:
        """All windows have the news."""
        for window in self.windows:
            window.command.update(self.room.version)
            window.model.update(self.view)

    @property
    def view(self) -> View:
        """The room as it is."""
        return seen(self.room)


class Window:
    """A player's model at a table, and the part of a room's client that it uses."""

    def __init__(self, table: Table, name: str) -> None:
        self.name = name
        self.table = table
        self.background = Background()
        self.command = PendingCommand(self.background, Link(), gone=lambda _: False)
        self.model = SelectionModel(cast("RoomClient", self), self.command)
        table.windows.append(self)
        table.tell()

    def propose(self, what: Proposal, *, request_id: str) -> CommandAnswer:
        """As ``RoomClient.propose``; waits while nobody answers."""
        assert self.table.answers.wait(60.0)
        self.table.room = after(self.table.room, Propose(self.name, request_id, what._asdict()))
        return CommandAnswer(self.table.room.version, self.table.room.seat_of(self.name))

    def until(self, proposal: Proposal | None) -> None:
        """Live until the servers have that as this player's proposal."""

        def lived() -> bool:
            self.background.drain()
            self.table.tell()
            return self.proposes == proposal

        wait_until(lived)

    @property
    def proposes(self) -> Proposal | None:
        """What the servers have."""
        return self.model.mine(self.table.view)

    @property
    def chosen(self) -> dict[Part, list[str | int]]:
        """What looks chosen."""
        options = self.model.options(self.table.view)
        return {part: [value for of, value, chosen, _ in options if chosen and of == part] for part in PARTS}

    @property
    def news(self) -> str:
        """What is said below."""
        return self.model.status(self.table.view, 0)


def test_nothing_looks_chosen_until_something_is_and_that_is_proposed() -> None:
    table = Table()
    ann, bob = Window(table, "ann"), Window(table, "bob")
    assert (ann.chosen, ann.proposes) == (NOTHING, None)
    assert "Your choice is proposed at once" in ann.news
    ann.model.choose("best_of", 3)
    ann.until(Proposal("3x3", 3, "none"))
    assert ann.chosen == {"board": ["3x3"], "best_of": [3], "clock": ["none"]}
    ann.model.choose("clock", "3+2")
    ann.until(Proposal("3x3", 3, "3+2"))
    assert (bob.chosen, bob.proposes) == (NOTHING, None)


def test_a_choice_that_the_servers_do_not_have_yet_does_not_look_chosen_and_is_proposed_once_they_answer() -> None:
    table = Table()
    ann = Window(table, "ann")
    table.answers.clear()
    ann.model.choose("best_of", 5)
    ann.model.choose("clock", "3+2")
    table.tell()
    assert (ann.chosen, ann.proposes) == (NOTHING, None)
    table.answers.set()
    ann.until(Proposal("3x3", 5, "3+2"))
    assert ann.chosen == {"board": ["3x3"], "best_of": [5], "clock": ["3+2"]}


def test_two_windows_of_one_player_show_what_was_proposed_last_in_either() -> None:
    table = Table()
    one, two = Window(table, "ann"), Window(table, "ann")
    one.model.choose("board", "5x5")
    one.until(Proposal("5x5", 1, "none"))
    assert one.chosen == two.chosen
    two.model.choose("best_of", 3)
    two.until(Proposal("5x5", 3, "none"))
    one.until(Proposal("5x5", 3, "none"))
    assert one.command.pending is None, "the first does not propose its own again"
    assert one.chosen == two.chosen == {"board": ["5x5"], "best_of": [3], "clock": ["none"]}


def test_a_choice_agrees_with_nothing_unseen() -> None:
    table = Table()
    ann, bob = Window(table, "ann"), Window(table, "bob")
    ann.model.choose("board", "3x3")
    ann.until(Proposal("3x3", 1, "none"))
    bob.model.choose("board", "3x3")
    assert bob.command.pending is None
    assert bob.chosen == NOTHING
    assert "ann proposes the same: agree, or choose something else" in bob.news
    bob.model.choose("best_of", 3)
    bob.until(Proposal("3x3", 3, "none"))
    assert bob.model.can_agree(table.view)
    assert table.view.phase == "selecting"
    bob.model.agree()
    wait_until(lambda: (bob.background.drain(), table.room.phase)[1] == "playing")
    assert (table.room.best_of, table.room.clock) == (1, None)
