"""The house bot: plays with people who find no opponent, and writes in the chat that it is a program.

It is a process of its own, so its computing does not slow a server down. The communication server starts it when there
is a match for it (see ``house_bot_process``), and it ends with that server. In its matches it is a player like others,
with a username and a token. When a server dies, it continues from the view that the servers return.
"""

from __future__ import annotations

import random
import secrets
import sys
import threading
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

import structlog

from game.bots.strategy import THINKS_S, choose, within
from game.errors import NoSuchRoom, Refusal, RoomClosed, TicTacToeError
from game.rules import Seat, other
from server.communication.house_bot_process import ROLE
from server.rooms.ids import HOUSE_BOT
from server.runtime import standard_streams
from server.runtime.log_file import LogFile
from server.runtime.retries import TAKEOVER_S, Retries
from server.runtime.security import cluster_key, house_bot_token, peer_key
from server.settings import Settings, load
from server.telemetry import logs
from wire import COMMUNICATION, MAIN, PEER, room_object
from wire.rpc import Address, Proxy

LEVEL = "medium"
CHECK_EVERY_S = 0.1
RETRY_S = 0.05
WAIT_S = 10.0
TIMEOUT_S = 5.0
GREETING = "Hello! I am the house bot, a program. Good luck!"

logger = structlog.get_logger()


class BotMatch:
    """One match of the house bot, played to its end in the thread that calls ``play``."""

    def __init__(self, room: str, main: Address, token: str, ending: threading.Event) -> None:
        self._remote = Proxy(main, room_object(room))
        self._token = token
        self._ending = ending
        self._chance = random.Random()

    def play(self) -> None:
        """Play until the match is over and the opponent is gone, or until the room is closed."""
        try:
            view = self._call("view")
            if not any(line["by"] == HOUSE_BOT for line in view["talk"]):
                self._submit("say", GREETING)
            while view is not None and not self._is_over(view):
                self._react(view)
                view = self._next(view)
            self._submit("leave")
        except (NoSuchRoom, RoomClosed):
            pass  # the room is closed, so the match is over
        finally:
            self._remote.close()

    @staticmethod
    def _is_over(view: Mapping[str, Any]) -> bool:
        seat = _seat_of(view)
        opponent = None if seat is None else view["seats"][other(seat)]
        return bool(view["series_over"]) and opponent is not None and not opponent["present"]

    def _react(self, view: Mapping[str, Any]) -> None:
        """Do what the view requires, if anything."""
        seat = _seat_of(view)
        if seat is None:
            return
        for offerer, what in view["offers"]:
            if offerer != seat:
                self._submit("decline" if what == "draw" else "accept", what)
        if view["phase"] == "selecting":
            theirs = view["selection"]["proposals"].get(other(seat))
            if theirs is not None:
                self._submit("propose", theirs)
        elif view["phase"] == "finished" and seat not in view["rematch"] and self._wants_next_game(view, seat):
            self._submit("rematch")
        elif view["phase"] == "playing" and view["turn"] == seat:
            go_on = within(THINKS_S, time.monotonic, time.sleep)
            self._submit("move", choose(LEVEL, view["board"], seat, self._chance, go_on))
        elif view["phase"] == "playing" and not view["seats"][other(seat)]["present"]:
            self._submit("claim_game", "win")

    @staticmethod
    def _wants_next_game(view: Mapping[str, Any], seat: Seat) -> bool:
        """Return whether to start the next game.

        In a series it starts at once. Another series starts when the opponent wants it.
        """
        return not view["series_over"] or other(seat) in view["rematch"]

    def _next(self, view: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return the view after the next change, or after ``WAIT_S``; None when the bot must end."""
        self._call("wait", view["version"], WAIT_S, extra_s=WAIT_S)
        return None if self._ending.is_set() else self._call("view")

    def _submit(self, method: str, *arguments: object) -> None:
        """Submit a command.

        A refusal is only logged: the room changed before the command, and the next view shows the change.
        """
        try:
            self._call(method, secrets.token_urlsafe(12), *arguments)
        except (NoSuchRoom, RoomClosed):
            raise
        except Refusal as refusal:
            logger.debug("command of the bot refused", method=method, why=refusal.message)

    def _call(self, method: str, *arguments: object, extra_s: float = 0.0) -> Any:
        """Call with the same arguments until there is an answer. A Refusal is an answer.

        Raises RoomClosed when the bot must end.
        """
        while True:
            try:
                return self._remote.call(method, self._token, *arguments, timeout_s=TIMEOUT_S + extra_s)
            except Refusal:
                raise
            except TicTacToeError as error:
                if self._ending.is_set():
                    raise RoomClosed("the bot ends") from error
                self._remote.close()
                self._ending.wait(RETRY_S)


def _seat_of(view: Mapping[str, Any]) -> Seat | None:
    seats: Mapping[Seat, Any] = view["seats"]
    return next((seat for seat, owner in seats.items() if owner is not None and owner["name"] == HOUSE_BOT), None)


def run(settings: Settings, ending: threading.Event) -> None:
    """Play all matches of the house bot until ``ending`` is set."""
    key = cluster_key(settings)
    main = Address(settings.host_of(MAIN), settings.client_port_of(MAIN))
    front_door = Proxy(settings.peer_address_of(COMMUNICATION), PEER, key=peer_key(key, COMMUNICATION))
    retries = Retries("front door does not answer", log_after_s=TAKEOVER_S)
    playing: dict[str, threading.Thread] = {}
    while not ending.wait(CHECK_EVERY_S):
        try:
            rooms = front_door.call("bot_matches", timeout_s=TIMEOUT_S)
        except TicTacToeError as error:
            retries.failed(error)
            front_door.close()
            continue
        retries.succeeded()
        playing = {room: thread for room, thread in playing.items() if thread.is_alive()}
        for room in rooms:
            if room not in playing:
                match = BotMatch(room, main, house_bot_token(key), ending)
                playing[room] = threading.Thread(target=match.play, name=f"match {room}", daemon=True)
                playing[room].start()


def main() -> None:
    """Run the process ``server/house_bot.py``. It ends with the communication server, which started it."""
    standard_streams.open_missing()
    settings = load()
    logs.set_up(ROLE, settings.log_level, settings.log_format)
    own_log = LogFile(settings, ROLE)
    ending = threading.Event()

    def until_starter_is_gone() -> None:
        sys.stdin.read()
        ending.set()

    threading.Thread(target=until_starter_is_gone, name="starter", daemon=True).start()
    rotate_log = partial(own_log.run, lambda: not ending.is_set(), ending.wait)
    threading.Thread(target=rotate_log, name="log", daemon=True).start()
    run(settings, ending)
