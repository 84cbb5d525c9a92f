"""Simulated people: players that play, leave, return and retry with the same request id, and spectators.

Each client records its calls and their answers. These records are the history that is checked.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple

from game.errors import NoSuchRoom, Refusal, TicTacToeError
from game.forms.event_codec import from_plain
from game.games.tictactoe import EMPTY
from game.rooms.commands import Close, Command, Create, Join, Leave, Move, Rematch, Resign
from server.log.room_stream import room_stream
from server.runtime.effects import Await, Effects, Sleep
from simulator.cluster.servers.machine import OLD_MAIN
from simulator.cluster.servers.main_server import term_of
from simulator.cluster.servers.rpc import Process, raise_error
from verify.history.record import AnsweredCall, Call, ObservedView, RefusedCall, RoomHistory, Seen
from wire import MAIN
from wire.errors import Busy, Fenced, NotReady, Unreachable

ATTEMPT_S = 0.5
RETRY_S = 0.25
GIVE_UP_AFTER_S = 4.0
CELLS = 9
P_RESTLESS, P_CLOSE, P_CARELESS = 0.06, 0.01, 0.1
"""Probabilities for each action: to leave, resign or join without a reason; to close the room; to move to a random
cell."""
THINK_S = 0.25
LONGEST_DELAY_S = 0.3
"""The most between the start of a client and its first request, in seconds."""


@dataclass
class SimulatedRoom:
    """A room, its players, and the history that they recorded."""

    id: str
    owner: str
    players: tuple[str, ...]
    lasting: bool = False
    """Whether no player closes the room."""
    history: RoomHistory = field(default_factory=RoomHistory)

    @property
    def spectator(self) -> str:
        """Return the name of the spectator."""
        return f"{self.id}-watcher"


class SimulatedClient(Process):
    """A client: a procedure that sends the main server one request after another."""

    def __init__(self) -> None:
        super().__init__()
        self.finished = False
        """Whether the client has stopped and no request is open."""
        self._asked = 0

    def start(self) -> None:
        self.rng: random.Random = self.new_rng()
        self.run(self.act()).then(raise_error)

    def act(self) -> Effects[None]:
        """Begin, or continue after a crash of this client."""
        raise NotImplementedError

    def new_request(self) -> str:
        """Return a request id that was never used before."""
        self._asked += 1
        return f"{self.name}-{self.incarnation.number}-{self._asked}"

    def pause(self, most_s: float) -> Sleep:
        """Return a pause of random length."""
        return Sleep(self.rng.uniform(0.0, most_s))

    def ask(
        self, method: str, *arguments: object, attempt_s: float = ATTEMPT_S, patience_s: float = GIVE_UP_AFTER_S
    ) -> Effects[Any]:
        """Retry a call until it is answered. Raises its refusal, and after ``patience_s`` the last error."""
        give_up_at = self.now + patience_s
        while True:
            try:
                return (yield Await(self.call(self._server_for(method), method, *arguments, timeout_s=attempt_s)))
            except (Unreachable, NotReady, Busy, Fenced):
                if self.now >= give_up_at:
                    raise
            yield self.pause(RETRY_S)

    def submit(self, stream: str, command: Struct) -> Effects[Any]:
        """Send a command to the main server, as ``ask`` does."""
        return self.ask("command", stream, type(command).__name__, *astuple(command))

    def _server_for(self, method: str) -> str:
        """Return the main server to call.

        If an old primary still runs, a command may go to either of them. A read goes to the server with the higher
        epoch, because the old primary may return old states.
        """
        if not self.simulation.is_alive(OLD_MAIN):
            return MAIN
        if method == "command":
            return self.rng.choice((MAIN, OLD_MAIN))
        return max((MAIN, OLD_MAIN), key=self._epoch_of)

    def _epoch_of(self, name: str) -> int:
        term = term_of(self.simulation, name)
        return 0 if term is None else term.replicator.epoch


class Participant(SimulatedClient):
    """A client in ``room``. It records its requests and their answers."""

    room: SimulatedRoom

    def send_command(self, command: Command) -> Effects[None]:
        """Send a command, and record it with its answer."""

        def answer_of(answer: Any) -> AnsweredCall:
            return AnsweredCall(answer["version"], answer["seat"])

        # After a failed write or without an answer it is unknown whether an earlier attempt was applied.
        yield from self._recorded(command, self.submit(room_stream(self.room.id), command), answer_of, Refusal)

    def read_view(self) -> Effects[Any]:
        """Read the room's view, record it, and return it. None if there is no answer."""

        def answer_of(view: Any) -> Seen:
            return Seen(view["version"], view["phase"], tuple((seat, move) for seat, move in view["moves"]))

        return (
            yield from self._recorded(ObservedView(self.name), self.ask("view", self.room.id), answer_of, NoSuchRoom)
        )

    def _recorded(
        self, operation: object, asking: Effects[Any], answer_of: Callable[[Any], object], refusal: type[TicTacToeError]
    ) -> Effects[Any]:
        """Make a call, and record it with its answer. Errors that are no ``refusal`` count as no answer."""
        calls = self.room.history.calls
        number, call = len(calls), Call(self.name, operation, self.now)
        calls.append(call)
        value = None
        try:
            value = yield from asking
            answer = answer_of(value)
        except TicTacToeError as error:
            if not isinstance(error, refusal):
                return None
            answer = RefusedCall(error.code)
        calls[number] = replace(call, answered_at=self.now, answer=answer)
        return value

    def choose_cell(self, cells: str) -> int:
        """Choose a cell to move to: mostly a free cell, sometimes any cell."""
        free = [cell for cell in range(CELLS) if cells[cell] == EMPTY]
        at_random = self.rng.random() < P_CARELESS or not free
        return self.rng.randrange(CELLS) if at_random else self.rng.choice(free)


class PlayerClient(Participant):
    """Plays in one room until its time is over. Some of its moves are illegal."""

    def __init__(self, room: SimulatedRoom, *, until_s: float) -> None:
        super().__init__()
        self.room = room
        self._until_s = until_s

    def act(self) -> Effects[None]:
        view = None
        if self.name == self.room.owner and not self.room.history.calls:
            yield from self.send_command(Create(self.name, f"create-{self.room.id}", "", "tictactoe", {}))
        else:
            yield self.pause(LONGEST_DELAY_S)
            view = yield from self.read_view()
        while self.now < self._until_s:
            yield self.pause(THINK_S)
            if view is None:
                view = yield from self.read_view()
            else:
                yield from self.send_command(self._choose(view))
                view = None
        self.finished = True

    def _choose(self, view: Any) -> Command:
        me, request, rng = self.name, self.new_request(), self.rng
        seated = [seat for seat in view["seats"].values() if seat is not None and seat["name"] == me]
        if rng.random() < P_RESTLESS:
            return rng.choice(
                (Leave(me, request), Resign(me, request), Join(me, request, "player"), Join(me, request, "spectator"))
            )
        if not self.room.lasting and rng.random() < P_CLOSE:
            return Close(me, request)
        if not seated or not seated[0]["present"]:
            return Join(me, request, "player")
        if view["phase"] == "finished":
            return Rematch(me, request)
        return Move(me, request, self.choose_cell(view["board"]["cells"]))


class SpectatorClient(SimulatedClient):
    """Watches a room from its first event. After a crash it continues at the version that it has seen."""

    def __init__(self, room: SimulatedRoom) -> None:
        super().__init__()
        self.room = room

    @property
    def version(self) -> int:
        """Return the last version that it has seen."""
        return self.seen[-1][0] if self.seen else 0

    def act(self) -> Effects[None]:
        spectators = self.room.history.spectators
        self.seen = spectators.setdefault(next(reversed(spectators), self.name), [])
        while True:
            wait_s = self.rng.choice((0.5, 2.0))
            try:
                news = yield from self.ask("wait", self.room.id, self.version, wait_s, attempt_s=wait_s, patience_s=0.0)
            except TicTacToeError as error:
                if isinstance(error, Refusal) and not isinstance(error, NoSuchRoom):
                    raise  # a long poll is never refused
                yield Sleep(self.rng.uniform(0.01, 0.1))
                continue
            if news["gap"]:
                # The missing events are compacted away. It continues after the gap, like a new spectator.
                spectators[f"{self.name} from {self.now:.6f} s on"] = self.seen = []
            self.seen += [(plain["version"], from_plain(plain)) for plain in news["events"]]
