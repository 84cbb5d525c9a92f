"""The first screen: username and server. It ends in ``SignedIn``, or in a message that explains what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from threading import Event

from client.cluster import Cluster, connect
from client.credentials import Credentials
from client.desktop.model.base.background import Background, Task
from client.desktop.model.base.local_servers import OpenLocalServers, same_server, start_servers
from client.desktop.model.base.preferences import Preferences
from client.desktop.model.base.window_lock import SignIn
from client.player import Player
from client.texts import connection
from client.texts import sign_in as texts
from wire.errors import TicTacToeError, Unreachable

DEADLINE_S = 3.0
"""The deadline of a window's calls, in seconds. Calls that need an answer are repeated with the same request id."""


@dataclass(frozen=True)
class SignedIn:
    """The signed-in user, with the connection to the cluster."""

    server: str
    cluster: Cluster
    player: Player


class SignInModel:
    """The content of the fields, the action in progress, and the last error."""

    def __init__(
        self,
        background: Background,
        preferences: Preferences,
        credentials: Credentials,
        *,
        server: str,
        own_server: str,
        open_servers: OpenLocalServers | None,
        signed_in: Callable[[SignedIn], None],
    ) -> None:
        """``server``: the initial server.

        ``own_server``: the server that ``open_servers`` can start on this machine.
        """
        self.server = server
        self.name = preferences.name_on(server)
        self.doing = ""
        """The action in progress, as a text; empty if there is none."""
        self.message = ""
        """What cannot be done, and what to do instead."""
        self.offers_start = False
        self.preferences = preferences
        self._background = background
        self._credentials = credentials
        self._own_server = own_server
        self._open_servers = open_servers
        self._signed_in = signed_in
        self._task = Task()

    @property
    def servers(self) -> list[str]:
        """The servers to offer: those used before, and the server of the settings."""
        return list(dict.fromkeys([*self.preferences.servers, self._own_server]))

    def choose_server(self, server: str) -> None:
        """Choose another server, with the name last used there."""
        self.server = server.strip()
        self.name = self.preferences.name_on(self.server)

    def sign_in(self, server: str, name: str, code: str = "") -> None:
        """Connect and claim the name, or recover it with its recovery code.

        Calls ``signed_in`` on success. On failure, ``message`` has the reason.
        """
        if self.doing:
            return
        self.server, self.name = server.strip(), name.strip()
        self.offers_start = False
        self.message = texts.NAME_MISSING if not self.name else "" if self.server else texts.SERVER_MISSING
        if not self.message:
            self.doing = texts.connecting(self.server)
            work = partial(self._connect, self.server, self.name, code.strip())
            self._task = self._background.run(work, self._welcome, self._failed)

    def start_cluster(self, name: str) -> None:
        """Start the servers on this machine, then sign in there with that name."""
        if self.doing or self._open_servers is None:
            return
        self.name = name.strip()
        self.message, self.doing, self.offers_start = "", connection.starting(), False
        self._task = start_servers(self._background, self._open_servers, progress=self._progress, done=self._started)

    def cancel(self) -> None:
        """Cancel the action in progress."""
        self._task.stop()
        self.doing = ""

    def _progress(self, text: str) -> None:
        if self.doing:
            self.doing = text

    def _started(self, why_not: str) -> None:
        self.doing = ""
        if why_not:
            self.message = connection.did_not_start(why_not)
        else:
            self.sign_in(self._own_server, self.name)

    def _connect(self, server: str, name: str, code: str, _: Event) -> SignedIn:
        cluster = connect(server, deadline_s=DEADLINE_S, credentials=self._credentials)
        try:
            player = cluster.recover(name, code, remember=True) if code else cluster.claim(name, remember=True)
            return SignedIn(cluster.server, cluster, player)
        except TicTacToeError:
            cluster.close()
            raise

    def _welcome(self, user: SignedIn) -> None:
        self.doing = ""
        self.preferences.remember(SignIn(user.server, user.player.name))
        self._signed_in(user)

    def _failed(self, error: TicTacToeError) -> None:
        self.doing = ""
        here = self._open_servers is not None and same_server(self.server, self._own_server)
        self.offers_start = isinstance(error, Unreachable) and here
        self.message = texts.why_not(error, name=self.name, server=self.server, can_start=self.offers_start)
