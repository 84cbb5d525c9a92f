"""Simulated people: players who play, come and go, and ask again with the same request id; and those who watch.

Each notes what it asked and what came of it, as the history that is checked.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from game.errors import NoSuchRoom, Refusal, TicTacToeError
from game.forms.event_codec import from_plain
from game.games.tictactoe import EMPTY
from game.rooms.commands import Close, Command, Create, Join, Leave, Move, Rematch, Resign
from server.log.room_stream import room_stream
from simulator.cluster.servers.machine import ADRIFT
from simulator.cluster.servers.main_server import MainProcess
from simulator.cluster.servers.rpc import Process, Request
from verify.history.record import AnsweredCall, Call, ObservedView, RefusedCall, RoomHistory, Seen
from wire import MAIN
from wire.errors import Busy, Fenced, NotReady, Unreachable

ATTEMPT_S = 0.5
AGAIN_S = 0.25
GIVES_UP_S = 4.0
CELLS = 9
RESTLESS, CLOSES, CARELESS = 0.06, 0.01, 0.1
"""How likely somebody leaves, resigns or joins for no reason; closes the room; moves wherever it may be."""
THINKS_S = 0.25


@dataclass
class RoomClients:
    """A room, who plays there, and what was seen of it."""

    room: str
    owner: str
    players: tuple[str, ...]
    lasting: bool = False
    """Nobody closes it."""
    history: RoomHistory = field(default_factory=RoomHistory)

    @property
    def watcher(self) -> str:
        """Who watches it."""
        return f"{self.room}-watcher"


class RoomClient(Process):
    """Asks the main server one thing after the other, each until it is answered or given up."""

    def __init__(self, *, until_s: float) -> None:
        super().__init__()
        self.until_s = until_s
        self._asked = 0

    def start(self) -> None:
        self.dice: random.Random = self.chance()
        self.sit_down()

    def sit_down(self) -> None:
        """Begin, or begin again after a crash."""
        raise NotImplementedError

    @property
    def finished(self) -> bool:
        """Whether it has come to its end, with every answer there or given up."""
        return self.until_s < 0.0

    def serve(self, request: Request, method: str, arguments: list[Any]) -> None:
        raise NotImplementedError("nobody asks people")

    def new_request(self) -> str:
        """A request id that nobody has used."""
        self._asked += 1
        return f"{self.name}-{self.life.number}-{self._asked}"

    def insist(
        self,
        method: str,
        arguments: tuple[object, ...],
        then: Callable[[Any], None],
        refused: Callable[[TicTacToeError], None],
        *,
        give_up_at: float,
        attempt_s: float = ATTEMPT_S,
    ) -> None:
        """Ask until there is an answer or a refusal; ``refused`` also hears the last error when time is up."""

        def failed(error: TicTacToeError) -> None:
            if not isinstance(error, (Unreachable, NotReady, Busy, Fenced)) or self.now >= give_up_at:
                refused(error)
            else:
                self.set_timer(self.dice.uniform(0.0, AGAIN_S), attempt)

        def attempt() -> None:
            self.call(self._whom_to_ask(method), method, *arguments, timeout_s=attempt_s, then=then, fail=failed)

        attempt()

    def _whom_to_ask(self, method: str) -> str:
        """The main server. Of two, either may be told what to do; what the one whose term is over shows may be old,
        until it learns of that, and so is not looked at.
        """
        if not self.world.lives_now(ADRIFT):
            return MAIN
        if method == "command":
            return self.dice.choice((MAIN, ADRIFT))
        return max((MAIN, ADRIFT), key=self._epoch_of)

    def _epoch_of(self, name: str) -> int:
        main = self.world.node(name)
        return main.link.epoch if isinstance(main, MainProcess) and main.link is not None else 0


class Participant(RoomClient):
    """Somebody at ``table``, who asks there and notes what came of it."""

    table: RoomClients

    def do(self, command: Command) -> None:
        """Ask for that, then go on."""
        call = self._begin(command)
        arguments = (room_stream(self.table.room), type(command).__name__, *fields_of(command))

        def answered(answer: Any) -> None:
            self._end(call, AnsweredCall(answer["version"], answer["seat"]))

        def refused(error: TicTacToeError) -> None:
            # A write that failed, or nobody who answered: whether an earlier try was carried out is not known.
            self._end(call, RefusedCall(error.code) if isinstance(error, Refusal) else None)

        self.insist("command", arguments, answered, refused, give_up_at=self.now + GIVES_UP_S)

    def look(self) -> None:
        """Look at the room, then go on."""
        call = self._begin(ObservedView(self.name))

        def answered(view: Any) -> None:
            moves = tuple((seat, move) for seat, move in view["moves"])
            self._end(call, Seen(view["version"], view["phase"], moves), view)

        def refused(error: TicTacToeError) -> None:
            self._end(call, RefusedCall(error.code) if isinstance(error, NoSuchRoom) else None)

        self.insist("view", (self.table.room,), answered, refused, give_up_at=self.now + GIVES_UP_S)

    def go_on(self, view: Any) -> None:
        """What was asked for is over; ``view`` is what a look saw."""
        raise NotImplementedError

    def cell(self, cells: str) -> int:
        """A cell to move to, mostly a free one."""
        free = [cell for cell in range(CELLS) if cells[cell] == EMPTY]
        careless = self.dice.random() < CARELESS or not free
        return self.dice.randrange(CELLS) if careless else self.dice.choice(free)

    def _begin(self, operation: object) -> int:
        calls = self.table.history.calls
        calls.append(Call(self.name, operation, self.now))
        return len(calls) - 1

    def _end(self, number: int, answer: object, view: Any = None) -> None:
        calls = self.table.history.calls
        begun = calls[number]
        if answer is not None:
            calls[number] = Call(begun.client, begun.operation, begun.sent_at, self.now, answer)
        self.go_on(view)


class PlayerClient(Participant):
    """Plays at one table until its time is over, not always well."""

    def __init__(self, table: RoomClients, *, until_s: float) -> None:
        super().__init__(until_s=until_s)
        self.table = table

    def sit_down(self) -> None:
        if self.name == self.table.owner and not self.table.history.calls:
            self.do(Create(self.name, f"create-{self.table.room}", "", "tictactoe", {}))
        else:
            self.set_timer(self.dice.uniform(0.0, 0.3), self.look)

    def go_on(self, view: Any) -> None:
        if self.now < self.until_s:
            self.set_timer(self.dice.uniform(0.0, THINKS_S), lambda: self._act(view))
        else:
            self.until_s = -1.0

    def _act(self, view: Any) -> None:
        if view is None:
            self.look()
        else:
            self.do(self._choose(view))

    def _choose(self, view: Any) -> Command:
        me, request, dice = self.name, self.new_request(), self.dice
        seated = [seat for seat in view["seats"].values() if seat is not None and seat["name"] == me]
        if dice.random() < RESTLESS:
            return dice.choice(
                (Leave(me, request), Resign(me, request), Join(me, request, "player"), Join(me, request, "spectator"))
            )
        if not self.table.lasting and dice.random() < CLOSES:
            return Close(me, request)
        if not seated or not seated[0]["present"]:
            return Join(me, request, "player")
        if view["phase"] == "finished":
            return Rematch(me, request)
        return Move(me, request, self.cell(view["board"]["cells"]))


class SpectatorClient(RoomClient):
    """Watches a table from its beginning, whatever happens, and comes back where it was after a crash of its own."""

    def __init__(self, table: RoomClients) -> None:
        super().__init__(until_s=0.0)
        self.table = table

    def sit_down(self) -> None:
        watchers = self.table.history.watchers
        self.seen = watchers.setdefault(next(reversed(watchers), self.name), [])
        self._wait()

    @property
    def version(self) -> int:
        """How far it has seen."""
        return self.seen[-1][0] if self.seen else 0

    def _wait(self) -> None:
        wait_s = self.dice.choice((0.5, 2.0))
        arguments = (self.table.room, self.version, wait_s)
        self.insist("wait", arguments, self._news, self._none, give_up_at=self.now, attempt_s=wait_s)

    def _news(self, news: Any) -> None:
        if news["gap"]:
            # What was compacted away meanwhile is missing: it sees on from there, like somebody who just came.
            self.table.history.watchers[f"{self.name} from {self.now:.6f} s on"] = self.seen = []
        for plain in news["events"]:
            self.seen.append((plain["version"], from_plain(plain)))
        self._wait()

    def _none(self, error: TicTacToeError) -> None:
        if isinstance(error, Refusal) and error.code != "no_such_room":
            self.world.failures.append(f"{self.name} has version {self.version}, and was told: {error.message}")
            return
        self.set_timer(self.dice.uniform(0.01, 0.1), self._wait)


def fields_of(command: Any) -> tuple[object, ...]:
    """The fields of a command, in order: what its class is called with."""
    return tuple(getattr(command, name) for name in command.__dataclass_fields__)
