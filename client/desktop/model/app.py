"""The session: which screen is shown, and the state that outlives a screen. Screens' models are made here.

It is one class, because entering, leaving and signing out change several of these models together.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from client.credentials import Credentials
from client.desktop.model.base.background import Background, Task
from client.desktop.model.base.cluster import ClusterModel
from client.desktop.model.base.connection_state import Banner, with_closing
from client.desktop.model.base.local_servers import OpenLocalServers
from client.desktop.model.base.preferences import Preferences
from client.desktop.model.base.restart import RestartModel
from client.desktop.model.lobby.computer import Computers
from client.desktop.model.lobby.lobby import LobbyModel
from client.desktop.model.lobby.recovery_code import RecoveryCodeModel
from client.desktop.model.lobby.sign_in import SignedIn, SignInModel
from client.desktop.model.records.records import RecordsModel
from client.desktop.model.room.room import Role, RoomModel
from client.room import RoomClient
from client.texts.room import computer_stopped
from wire.errors import TicTacToeError

LEAVING_S = 2.0
"""How long a closed window waits for its rooms to be left, in seconds."""


@dataclass(frozen=True)
class StartOptions:
    """The options of the command line. An empty value means the option is not given."""

    name: str = ""
    server: str = ""
    room: str = ""
    watch: bool = False


class AppModel:
    """The whole state of a window.

    The screens are ``start``, then ``lobby``; from there ``records``, and ``room`` while the user is in a room.
    """

    def __init__(
        self,
        *,
        own_server: str,
        options: StartOptions | None = None,
        open_servers: OpenLocalServers | None = None,
        preferences: Preferences | None = None,
        credentials: Credentials | None = None,
    ) -> None:
        """``own_server``: the name server of this machine's settings.

        ``open_servers`` makes the control of its servers.
        """
        self.background = Background()
        self.preferences = preferences or Preferences()
        self.own_server = own_server
        # None while signed out. ``lobby`` and ``restart`` are set exactly while this is set.
        self.user: SignedIn | None = None
        self.lobby: LobbyModel | None = None
        # None unless the user is in a room.
        self.room: RoomModel | None = None
        self.records: RecordsModel | None = None
        self.restart: RestartModel | None = None
        self._options = options or StartOptions()
        self._open_servers = open_servers
        self.credentials = credentials or Credentials()
        # Tasks that leave rooms, by room id. Entering a room again must stop its task first.
        self._leaving: dict[str, Task] = {}
        self.start = self._new_start(self._options.server or next(iter(self.preferences.servers), own_server))
        if self._options.name:
            self.start.sign_in(self.start.server, self._options.name)

    @property
    def shown(self) -> SignInModel | LobbyModel | RecordsModel | RoomModel:
        """Return the model of the shown screen."""
        return self.room or self.records or self.lobby or self.start

    def banner(self) -> Banner | None:
        """Return the banner of the current screen: the state of the connection, or that the servers close."""
        here = self.room or self.lobby
        if here is None or self.lobby is None:
            return None
        banner = with_closing(here.link.banner(time.monotonic()), self.lobby.closing)
        # After a drain for maintenance the administrator starts the servers, so the window does not offer it.
        return banner if self.restart is None or self.lobby.closing is not None else self.restart.on(banner)

    def start_servers(self) -> None:
        """Start the servers on this machine, as the banner offers."""
        if self.restart is not None:
            self.restart.start()

    def cluster_view(self) -> ClusterModel | None:
        """Return a model for the cluster view, which its caller stops; None while signed out."""
        user = self.user
        return None if user is None else ClusterModel(user.cluster, user.server, self.background, self._open_servers)

    def recovery(self) -> RecoveryCodeModel | None:
        """Return a model for a recovery code, which its caller stops; None while signed out."""
        return None if self.user is None else RecoveryCodeModel(self.user.player, self.background)

    def open_records(self) -> None:
        """Go from the lobby to leaderboard, players and games."""
        if self.records is None and self.room is None and self.user is not None:
            self.records = RecordsModel(
                self.user.cluster, self.user.player.name, self.background, closed=self._close_records
            )

    def leave_room(self) -> Task | None:
        """Return to the lobby.

        In a running game the player stays present. Otherwise the client leaves the room, and the returned task is done
        when the servers have confirmed.
        """
        room, lobby = self.room, self.lobby
        if room is None:
            return None
        if lobby is not None and room.has_game:
            lobby.games.seats.hold(room.id)
            room.step_out()
            return None
        task = room.leave()
        under_way = {left: earlier for left, earlier in self._leaving.items() if not earlier.done.is_set()}
        self._leaving = {**under_way, room.id: task}
        return task

    def play_again(self) -> None:
        """Leave the room and seek another opponent with the same filter."""
        self.leave_room()
        if self.lobby is not None:
            self.lobby.seeking.play()

    def sign_out(self) -> None:
        """Return to the first screen. Seats stay."""
        self._leave_all()
        if self.records is not None:
            self.records.close()
        if self.lobby is not None:
            self.lobby.stop()
        if self.restart is not None:
            self.restart.stop()
            self.restart = None
        user, self.lobby, self.user = self.user, None, None
        if user is not None:
            user.cluster.close()
            self.preferences.release_name()
            self.start = self._new_start(user.server)

    def close(self) -> None:
        """Leave all rooms after the window has closed, so that other players see it.

        Waits at most ``LEAVING_S`` seconds.
        """
        leaving = self._leave_all()
        self.background.close()
        until = time.monotonic() + LEAVING_S
        for task in leaving:
            task.done.wait(max(0.0, until - time.monotonic()))

    def _leave_all(self) -> list[Task]:
        """Leave the current room and all rooms with a held seat, because the user is gone."""
        leaving = self.leave_room()
        held = None if self.lobby is None else self.lobby.games.seats.leave()
        return [task for task in (leaving, held) if task is not None]

    def _new_start(self, server: str) -> SignInModel:
        return SignInModel(
            self.background,
            self.preferences,
            self.credentials,
            server=server,
            own_server=self.own_server,
            open_servers=self._open_servers,
            signed_in=self._signed_in,
        )

    def _signed_in(self, user: SignedIn) -> None:
        self.user = user
        self.restart = RestartModel(user.server, self.background, self._open_servers)
        computers = Computers(user, self.credentials, self.background, self._computer_failed)
        self.lobby = LobbyModel(user, self.background, computers, entering=self._enter)
        options, self._options = self._options, StartOptions()
        if options.room:
            self.lobby.enter(options.room, "spectator" if options.watch else "player")

    def _enter(self, room: RoomClient, role: Role) -> None:
        user, lobby = self.user, self.lobby
        if user is None or lobby is None:
            return
        if self.records is not None:
            self.records.close()
        leaving = self._leaving.pop(room.id, None)
        if leaving is not None:
            leaving.stop()
        self.room = RoomModel(
            room,
            self.background,
            preferences=self.preferences,
            look_up=user.cluster.result,
            claim_after_ms=int(user.cluster.claim_after_s * 1000),
            left=lambda why: self._left(room.id, why),
            changed=lobby.seen,
        )
        lobby.games.seats.set_shown(room.id)
        self.room.enter(role)

    def _close_records(self) -> None:
        self.records = None

    def _computer_failed(self, error: TicTacToeError) -> None:
        if self.room is not None:
            self.room.command.notice = computer_stopped(error.message)

    def _left(self, room: str, why: str) -> None:
        self.room = None
        if self.lobby is not None:
            self.lobby.left(room, why)
