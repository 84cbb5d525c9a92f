"""Simulated people: players that play, leave, return and retry with the same request id, and spectators.

Each client records its calls and their answers. These records are the history that is checked.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import astuple

from game.errors import NoSuchRoom, Refusal, TicTacToeError
from game.forms.event_codec import from_plain
from game.games.tictactoe import EMPTY
from game.rooms.commands import Close, Command, Create, Join, Leave, Move, Rematch, Resign
from server.log.room_stream import room_stream
from simulator.cluster.servers.machine import OLD_MAIN
from simulator.cluster.servers.main_server import term_of
from simulator.cluster.servers.rpc import Process, Request
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
    """A client that sends the main server one request after another. Each ends with an answer or is given up."""

    def __init__(self, *, until_s: float) -> None:
        super().__init__()
        # When the client stops. -1 once it has stopped.
        self.until_s = until_s
        self._asked = 0

    def start(self) -> None:
        self.rng: random.Random = self.new_rng()
        self.begin()

    def begin(self) -> None:
        """Begin, or continue after a crash of this client."""
        raise NotImplementedError

    @property
    def finished(self) -> bool:
        """Return whether the client has stopped and no request is open."""
        return self.until_s < 0.0

    def serve(self, request: Request, method: str, arguments: list[Any]) -> None:
        raise NotImplementedError("clients serve no calls")

    def new_request(self) -> str:
        """Return a request id that was never used before."""
        self._asked += 1
        return f"{self.name}-{self.incarnation.number}-{self._asked}"

    def call_until_answered(
        self,
        method: str,
        arguments: tuple[object, ...],
        then: Callable[[Any], None],
        refused: Callable[[TicTacToeError], None],
        *,
        give_up_at: float,
        attempt_s: float = ATTEMPT_S,
    ) -> None:
        """Retry a call until it is answered or refused. After ``give_up_at`` call ``refused`` with the last error."""

        def failed(error: TicTacToeError) -> None:
            if not isinstance(error, (Unreachable, NotReady, Busy, Fenced)) or self.now >= give_up_at:
                refused(error)
            else:
                self.set_timer(self.rng.uniform(0.0, RETRY_S), attempt)

        def attempt() -> None:
            self.call(self._server_for(method), method, *arguments, timeout_s=attempt_s, then=then, fail=failed)

        attempt()

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

    def send_command(self, command: Command) -> None:
        """Send a command, record its answer, and continue."""
        call = self._begin(command)
        arguments = (room_stream(self.room.id), type(command).__name__, *astuple(command))

        def answered(answer: Any) -> None:
            self._end(call, AnsweredCall(answer["version"], answer["seat"]))

        def refused(error: TicTacToeError) -> None:
            # After a failed write or without an answer it is unknown whether an earlier attempt was applied.
            self._end(call, RefusedCall(error.code) if isinstance(error, Refusal) else None)

        self.call_until_answered("command", arguments, answered, refused, give_up_at=self.now + GIVE_UP_AFTER_S)

    def read_view(self) -> None:
        """Read the room's view, record it, and continue."""
        call = self._begin(ObservedView(self.name))

        def answered(view: Any) -> None:
            moves = tuple((seat, move) for seat, move in view["moves"])
            self._end(call, Seen(view["version"], view["phase"], moves), view)

        def refused(error: TicTacToeError) -> None:
            self._end(call, RefusedCall(error.code) if isinstance(error, NoSuchRoom) else None)

        self.call_until_answered("view", (self.room.id,), answered, refused, give_up_at=self.now + GIVE_UP_AFTER_S)

    def go_on(self, view: Any) -> None:
        """Continue after a request. ``view`` is the view that was read, or None."""
        raise NotImplementedError

    def choose_cell(self, cells: str) -> int:
        """Choose a cell to move to: mostly a free cell, sometimes any cell."""
        free = [cell for cell in range(CELLS) if cells[cell] == EMPTY]
        at_random = self.rng.random() < P_CARELESS or not free
        return self.rng.randrange(CELLS) if at_random else self.rng.choice(free)

    def _begin(self, operation: object) -> int:
        calls = self.room.history.calls
        calls.append(Call(self.name, operation, self.now))
        return len(calls) - 1

    def _end(self, number: int, answer: object, view: Any = None) -> None:
        calls = self.room.history.calls
        begun = calls[number]
        if answer is not None:
            calls[number] = Call(begun.client, begun.operation, begun.sent_at, self.now, answer)
        self.go_on(view)


class PlayerClient(Participant):
    """Plays in one room until its time is over. Some of its moves are illegal."""

    def __init__(self, room: SimulatedRoom, *, until_s: float) -> None:
        super().__init__(until_s=until_s)
        self.room = room

    def begin(self) -> None:
        if self.name == self.room.owner and not self.room.history.calls:
            self.send_command(Create(self.name, f"create-{self.room.id}", "", "tictactoe", {}))
        else:
            self.set_timer(self.rng.uniform(0.0, 0.3), self.read_view)

    def go_on(self, view: Any) -> None:
        if self.now < self.until_s:
            self.set_timer(self.rng.uniform(0.0, THINK_S), lambda: self._act(view))
        else:
            self.until_s = -1.0

    def _act(self, view: Any) -> None:
        if view is None:
            self.read_view()
        else:
            self.send_command(self._choose(view))

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
        super().__init__(until_s=0.0)
        self.room = room

    def begin(self) -> None:
        spectators = self.room.history.spectators
        self.seen = spectators.setdefault(next(reversed(spectators), self.name), [])
        self._wait()

    @property
    def version(self) -> int:
        """Return the last version that it has seen."""
        return self.seen[-1][0] if self.seen else 0

    def _wait(self) -> None:
        wait_s = self.rng.choice((0.5, 2.0))
        arguments = (self.room.id, self.version, wait_s)
        self.call_until_answered("wait", arguments, self._news, self._none, give_up_at=self.now, attempt_s=wait_s)

    def _news(self, news: Any) -> None:
        if news["gap"]:
            # The missing events are compacted away. It continues after the gap, like a new spectator.
            self.room.history.spectators[f"{self.name} from {self.now:.6f} s on"] = self.seen = []
        for plain in news["events"]:
            self.seen.append((plain["version"], from_plain(plain)))
        self._wait()

    def _none(self, error: TicTacToeError) -> None:
        if isinstance(error, Refusal) and error.code != "no_such_room":
            self.simulation.failures.append(
                f"{self.name}: a long poll after version {self.version} was refused: {error.message}"
            )
            return
        self.set_timer(self.rng.uniform(0.01, 0.1), self._wait)
