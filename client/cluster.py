"""The way in: connect to a cluster by its name server, claim a name, see the rooms."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from client import address_check
from client.connection import ATTEMPT_S, ObjectAddress, OnLink, RetryingConnection, RetryPolicy
from client.credentials import DEFAULT_PORT, Credentials, new_token
from client.game_archive import Games, Played, PlayerPage, RatingEntry, games_from, played_from, standing_from
from client.player import Player
from client.retry import Tries, worth_another_try
from client.views import Row, row_from
from game.errors import InvalidArgument, NoSuchRoom
from wire import COMMUNICATION, PROTOCOL_VERSION, rpc
from wire.addresses import Address, parse
from wire.errors import DeadlineExceeded, ProtocolMismatch, TicTacToeError, Unreachable

DEADLINE_S = 15.0
LOOK_UP_S = 2.0
WAIT_S = 20.0


@dataclass(frozen=True)
class LobbyNews:
    """The open rooms by id, and which of them are new or changed or gone since the news before."""

    rooms: Mapping[str, Row]
    changed: tuple[str, ...]
    gone: tuple[str, ...]


def connect(
    servers: str | Sequence[str] = "localhost:1337",
    *,
    deadline_s: float = DEADLINE_S,
    attempt_s: float = ATTEMPT_S,
    credentials: Credentials | None = None,
) -> Cluster:
    """Connect to a cluster by the "host:port" of its name server, or of several, tried in turn (the port may be left
    out: 1337).

    ``deadline_s``: how long any call goes on trying before it raises DeadlineExceeded. ``attempt_s``: after how long
    without an answer it is made again. ``credentials``: where names are remembered.

    Raises WrongAddress at once when something else than a name server answers there, Unreachable when no cluster
    answers in that time, ProtocolMismatch when it is too old or too new. Each says what was found at the address.
    """
    given = [servers] if isinstance(servers, str) else list(servers)
    if not given:
        raise InvalidArgument("at least one name server is needed")
    cluster = Cluster([_address(server) for server in given], RetryPolicy(deadline_s, attempt_s), credentials)
    try:
        described = cluster.describe(deadline_s)
        spoken = described["protocol"]
    except TicTacToeError:
        cluster.close()
        raise
    if spoken != PROTOCOL_VERSION:
        cluster.close()
        raise ProtocolMismatch(f"the server speaks version {spoken}, this client version {PROTOCOL_VERSION}")
    cluster.claim_after_s = described["claim_after_s"]
    cluster.max_wait_s = described["max_wait_s"]
    cluster.cluster_id = described.get("cluster", "")
    return cluster


class Cluster:
    """A connection to a cluster, made with ``connect``. Safe for threads. Closed by ``with`` or ``close``."""

    def __init__(self, name_servers: Sequence[Address], patience: RetryPolicy, credentials: Credentials | None) -> None:
        self._patience = patience
        self._name_servers = name_servers
        self._credentials = credentials
        self._front_door = RetryingConnection(self._find_front_door, patience=patience)
        self.cluster_id = ""
        """Which cluster this is; empty until it is known, and for servers of older versions."""
        self._was_found = False
        self._not_found: TicTacToeError | None = None
        """Why the last look-up failed, as long as none has succeeded."""
        self.claim_after_s = 60.0
        """After how long the game of an opponent who stays away may be claimed (``RoomClient.claim_game``)."""
        self.max_wait_s = WAIT_S
        """How long the servers keep a question open at the most, in seconds; they take nobody for gone sooner."""

    @property
    def server(self) -> str:
        """ "host:port" of its name server; of several the first."""
        return str(self._name_servers[0])

    def describe(self, deadline_s: float) -> Mapping[str, Any]:
        """What the front door says about itself (see ``docs/protocol.md``). Raises as ``connect`` does."""
        try:
            return self._described(Tries(deadline_s, attempt_s=deadline_s))
        except Unreachable as error:
            if self._not_found is not None:
                raise DeadlineExceeded(f"{self._not_found.message} (tried for {deadline_s:g} s)") from None
            where = f"the name server at {self.server} has a cluster, and its communication server does not answer"
            raise DeadlineExceeded(f"{where}: {error.message}") from None

    def _described(self, tries: Tries) -> Mapping[str, Any]:
        failure: TicTacToeError
        while True:
            try:
                answer: Mapping[str, Any] = self.ask("describe", deadline_s=tries.timeout_s())
            except NoSuchRoom:  # of all objects at that address: it is not open yet, or another program's
                failure = Unreachable("something else answers where the name server has the cluster")
            except TicTacToeError as error:
                failure = error
            else:
                return answer
            time.sleep(tries.pause_after(failure))

    def claim(self, name: str, *, token: str | None = None, remember: bool = False) -> Player:
        """Claim a username, or come back to it. With ``token`` it is the name of whoever has that token; without, a new
        token is made, or with ``remember`` the one that was kept on this machine for that name is used and kept.

        Raises NameTaken when the name belongs to another token (NameTooSimilar: one that looks like it does),
        InvalidArgument for what cannot be a name.
        """
        if token is None and remember:
            token = (self._credentials or Credentials()).token_for(self.server, name)
        elif token is None:
            token = new_token()
        answer = self.ask("claim", name, token)
        return Player(answer["name"], token, self, self._patience)

    def recover(self, name: str, code: str, *, remember: bool = False) -> Player:
        """Have a name again that was kept (``Player.keep``), on another machine or after its token was lost: who has it
        elsewhere loses it. With ``remember`` the new token is kept on this machine. The code stays good.

        Raises WrongCode, Busy when too many wrong ones were tried, InvalidArgument for what cannot be a code.
        """
        token = new_token()
        answer = self.ask("recover_name", name, code, token)
        if remember:
            (self._credentials or Credentials()).put(self.server, answer["name"], token)
        return Player(answer["name"], token, self, self._patience)

    def rooms(self) -> list[Row]:
        """All open rooms."""
        return list(next(self.watch_rooms()).rooms.values())

    def watch_rooms(
        self, *, stop: threading.Event | None = None, on_link: OnLink = lambda _: None
    ) -> Iterator[LobbyNews]:
        """The list of open rooms now, and again whenever it changes.

        Goes on by itself after any break; ``on_link`` hears of it. Ends within WAIT_S seconds after ``stop`` is set.
        """
        channel = self.new_channel(on_link)
        rooms: dict[str, Row] = {}
        told: Mapping[str, Row] = rooms
        touched: dict[str, None] = {}
        cursor, news = "", True
        try:
            while stop is None or not stop.is_set():
                wait_s = WAIT_S if cursor else 0.0
                answer = channel.call("wait_rooms", cursor, wait_s, again=(cursor, 0.0), extra_s=wait_s)
                rooms = {} if answer["reset"] else dict(rooms)
                rows = [row_from(plain) for plain in answer["rooms"]]
                rooms.update((row.room, row) for row in rows)
                for room in answer["gone"]:
                    rooms.pop(room, None)
                touched.update(dict.fromkeys(row.room for row in rows))
                news = news or bool(rows or answer["gone"] or answer["reset"])
                cursor = answer["cursor"]
                if news and not answer["more"]:
                    changed = tuple(room for room in touched if room in rooms)
                    yield LobbyNews(rooms, changed, tuple(room for room in told if room not in rooms))
                    told, touched, news = rooms, {}, False
        finally:
            channel.close()

    def leaderboard(self, *, bots: bool = False, limit: int = 50) -> list[RatingEntry]:
        """The players of the highest rating, among people or among bots."""
        answer = self.ask("leaderboard", "bots" if bots else "people", limit)
        return [standing for plain in answer["players"] if (standing := standing_from(plain)) is not None]

    def player_page(self, name: str) -> PlayerPage:
        """Results, ratings and latest games of a player; also of one who is not here (any more)."""
        answer = self.ask("player", name)
        among, bots = standing_from(answer["people"]), standing_from(answer["bots"])
        return PlayerPage(answer["name"], among, bots, games_from(answer))

    def games(self, *, name: str = "", before: int = 0, limit: int = 20) -> Games:
        """Finished games, of that player or of all, the latest first; from before that number on, if it is not 0."""
        return games_from(self.ask("games", name, before, limit))

    def game(self, number: int) -> Played:
        """The finished game of that number. Raises NoSuchGame."""
        return played_from(self.ask("game", number))

    def result(self, room: str, game_number: int) -> Played:
        """A game that is over in a room, by its number there, as it stands in the book. Raises NoSuchGame."""
        return played_from(self.ask("result", room, game_number))

    def ask(self, method: str, *arguments: object, deadline_s: float | None = None) -> Any:
        """Call a method of the front door; see ``docs/protocol.md``. ``deadline_s``: instead of the connection's."""
        return self._front_door.call(method, *arguments, deadline_s=deadline_s)

    def new_channel(self, on_link: OnLink = lambda _: None) -> RetryingConnection:
        """Another connection to the front door, for what waits long: calls on one connection queue up."""
        return RetryingConnection(self._find_front_door, patience=self._patience, on_link=on_link)

    def close(self) -> None:
        """Close the connection to the front door."""
        self._front_door.close()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _find_front_door(self) -> ObjectAddress:
        failures: list[TicTacToeError] = []
        for name_server in self._name_servers:
            try:
                found = rpc.look_up(name_server, COMMUNICATION, timeout_s=LOOK_UP_S)
            except TicTacToeError as error:
                failures.append(error if self._was_found else address_check.explained(name_server, error))
            else:
                if self.cluster_id and found.cluster not in ("", self.cluster_id):
                    # It knows neither our names nor our rooms.
                    failures.append(Unreachable(f"{name_server} leads to another cluster now: {found.cluster}"))
                    continue
                self._was_found, self._not_found = True, None
                return ObjectAddress(found.address, COMMUNICATION)
        hopeful = [failure for failure in failures if worth_another_try(failure)]
        failure = (hopeful or failures)[-1]
        if self._was_found and not hopeful:
            raise Unreachable(failure.message)  # the cluster is there: what answers in its name server's place may go
        self._not_found = failure
        raise failure


def _address(server: str) -> Address:
    try:
        return parse(server, DEFAULT_PORT)
    except ValueError:
        raise InvalidArgument(f"a server is given as host, host:port or [IPv6]:port, not {server!r}") from None
