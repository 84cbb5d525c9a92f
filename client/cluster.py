"""Connect to a cluster by its name server, claim a username, list the rooms."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any

from client.connection import ATTEMPT_S, OnLink, RetryingConnection, RetryPolicy
from client.credentials import DEFAULT_PORT, Credentials, new_token
from client.front_door import FrontDoorFinder
from client.game_archive import Games, Played, PlayerPage, RatingEntry, games_from, played_from, rating_entry_from
from client.player import Player
from client.views import Row, row_from
from game.errors import InvalidArgument
from wire import PROTOCOL_VERSION
from wire.addresses import Address, parse
from wire.errors import ProtocolMismatch, TicTacToeError

DEADLINE_S = 15.0
WAIT_S = 20.0


def connect(
    servers: str | Sequence[str] = "localhost:1337",
    *,
    deadline_s: float = DEADLINE_S,
    attempt_s: float = ATTEMPT_S,
    credentials: Credentials | None = None,
) -> Cluster:
    """Connect to a cluster by the "host:port" of its name server.

    Several name servers are tried in turn. The port defaults to 1337. ``deadline_s``: how long a call retries before it
    raises DeadlineExceeded. ``attempt_s``: how long an attempt waits for an answer before the next. ``credentials``:
    where tokens are stored.

    Raises WrongAddress at once if a program that is not a name server answers there. Raises DeadlineExceeded if no
    cluster answers in time, and ProtocolMismatch if the cluster's version does not fit. Each error names what was found
    at the address.
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
    cluster.front_door.cluster_id = described.get("cluster", "")
    return cluster


class Cluster:
    """A connection to a cluster, made with ``connect``. Safe for threads. Closed by ``with`` or ``close``."""

    def __init__(
        self, name_servers: Sequence[Address], retry_policy: RetryPolicy, credentials: Credentials | None
    ) -> None:
        self.front_door = FrontDoorFinder(name_servers, retry_policy)
        self._retry_policy = retry_policy
        self._name_servers = name_servers
        self._credentials = credentials
        self._connection = self.front_door.connection()
        self.claim_after_s = 60.0
        """The seconds of absence after which the opponent may claim the game (``RoomClient.claim_game``)."""
        self.max_wait_s = WAIT_S
        """The longest wait of a long poll, in seconds. The servers count a user as away only after more."""

    @property
    def server(self) -> str:
        """The "host:port" of the name server; the first if there are several."""
        return str(self._name_servers[0])

    @property
    def cluster_id(self) -> str:
        """The cluster's id. Empty until it is known, and always for servers of older versions."""
        return self.front_door.cluster_id

    def describe(self, deadline_s: float) -> Mapping[str, Any]:
        """Return the front door's description (see ``docs/protocol.md``). Raises as ``connect`` does."""
        return self.front_door.describe(self._connection, deadline_s)

    def claim(self, name: str, *, token: str | None = None, remember: bool = False) -> Player:
        """Claim a username, or return to it.

        ``token`` identifies the user. Without it a new token is made. With ``remember`` the token stored on this
        machine for the name is used; a new one is stored if there is none.

        Raises NameTaken if the name belongs to another token (NameTooSimilar if a lookalike does). Raises
        InvalidArgument if the text cannot be a name.
        """
        if token is None and remember:
            token = (self._credentials or Credentials()).token_for(self.server, name)
        elif token is None:
            token = new_token()
        answer = self.ask("claim", name, token)
        return Player(answer["name"], token, self, self._retry_policy)

    def recover(self, name: str, code: str, *, remember: bool = False) -> Player:
        """Get a reserved name (``Player.keep``) on another machine, or after its token was lost.

        The name's earlier token stops working. With ``remember`` the new token is stored on this machine. The recovery
        code stays valid.

        Raises WrongCode; Busy after too many wrong codes; InvalidArgument if the text cannot be a code.
        """
        token = new_token()
        answer = self.ask("recover_name", name, code, token)
        if remember:
            (self._credentials or Credentials()).store(self.server, answer["name"], token)
        return Player(answer["name"], token, self, self._retry_policy)

    def rooms(self) -> list[Row]:
        """Return all open rooms."""
        return list(next(self.watch_rooms()).values())

    def watch_rooms(
        self, *, stop: threading.Event | None = None, on_link: OnLink = lambda _: None
    ) -> Iterator[Mapping[str, Row]]:
        """Yield the open rooms by id: now, and whenever they change.

        Resumes after connection failures; ``on_link`` is called when the connection fails or recovers. Ends within
        WAIT_S seconds after ``stop`` is set.
        """
        connection = self.new_connection(on_link)
        rooms: dict[str, Row] = {}
        cursor, news = "", True
        try:
            while stop is None or not stop.is_set():
                wait_s = WAIT_S if cursor else 0.0
                answer = connection.call("wait_rooms", cursor, wait_s, again=(cursor, 0.0), extra_s=wait_s)
                rooms = {} if answer["reset"] else dict(rooms)
                rooms.update((row.room, row) for row in map(row_from, answer["rooms"]))
                for room in answer["gone"]:
                    rooms.pop(room, None)
                news = news or bool(answer["rooms"] or answer["gone"] or answer["reset"])
                cursor = answer["cursor"]
                if news and not answer["more"]:
                    yield rooms
                    news = False
        finally:
            connection.close()

    def leaderboard(self, *, bots: bool = False, limit: int = 50) -> list[RatingEntry]:
        """Return the players with the highest ratings, among people or among bots."""
        answer = self.ask("leaderboard", "bots" if bots else "people", limit)
        return [entry for plain in answer["players"] if (entry := rating_entry_from(plain)) is not None]

    def player_page(self, name: str) -> PlayerPage:
        """Return a player's results, ratings and latest games. The player need not be present."""
        answer = self.ask("player", name)
        among, bots = rating_entry_from(answer["people"]), rating_entry_from(answer["bots"])
        return PlayerPage(answer["name"], among, bots, games_from(answer))

    def games(self, *, name: str = "", before: int = 0, limit: int = 20) -> Games:
        """Return finished games of that player or of all, the latest first.

        If ``before`` is not 0, only games before it.
        """
        return games_from(self.ask("games", name, before, limit))

    def game(self, number: int) -> Played:
        """Return the finished game of that number. Raises NoSuchGame."""
        return played_from(self.ask("game", number))

    def result(self, room: str, game_number: int) -> Played:
        """Return a finished game by its room and its number in the room, from the game archive. Raises NoSuchGame."""
        return played_from(self.ask("result", room, game_number))

    def ask(self, method: str, *arguments: object, deadline_s: float | None = None) -> Any:
        """Call a method of the front door (see ``docs/protocol.md``).

        ``deadline_s`` replaces the connection's deadline.
        """
        return self._connection.call(method, *arguments, deadline_s=deadline_s)

    def new_connection(self, on_link: OnLink = lambda _: None) -> RetryingConnection:
        """Return another connection to the front door, for long polls: calls on one connection queue up."""
        return self.front_door.connection(on_link)

    def close(self) -> None:
        """Close the connection to the front door."""
        self._connection.close()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _address(server: str) -> Address:
    try:
        return parse(server, DEFAULT_PORT)
    except ValueError:
        raise InvalidArgument(f"a server is given as host, host:port or [IPv6]:port, not {server!r}") from None
