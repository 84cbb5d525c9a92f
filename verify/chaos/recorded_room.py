"""A room client that records every command, and the creation of a room."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from client.player import Player
from client.room import RoomClient, new_request_id
from client.room_news import News
from game.errors import Refusal
from game.forms.room_view import View
from game.rooms.commands import COMMANDS, Create
from game.rooms.remembered_requests import CommandAnswer
from verify.chaos.history_file import HistoryWriter
from wire.errors import TicTacToeError

Result = TypeVar("Result")


class RecordedRoom(RoomClient):
    """A ``client.room``. Commands that it sends by itself, such as joining again, are recorded, too."""

    def __init__(self, room: RoomClient, recorder: HistoryWriter, client: str) -> None:
        """``client`` names the caller in the history. After a kill the same user is another client."""
        super().__init__(
            room.id,
            room.name,
            room._token,
            room._connect,
            with_claimed_name=room._with_claimed_name,
            code=room._code,
        )
        self._recorder = recorder
        self._client = client
        # The spectator of the last ``follow``, and the version after its last recorded event.
        self._spectator = ""
        self._version = 0

    def _command(self, method: str, request_id: str | None, *arguments: Any) -> CommandAnswer:
        request_id = request_id or new_request_id()
        send = super()._command
        command = COMMANDS[method.title().replace("_", "")](self.name, request_id, *arguments)
        number = self._recorder.record_command(self._client, self.id, command)
        answer = _recording_error(self._recorder, number, lambda: send(method, request_id, *arguments))
        self._recorder.record_done(number, self.id, answer.version, answer.seat)
        return answer

    def view(self) -> View:
        number = self._recorder.record_read(self._client, self.id, self.name)
        view = _recording_error(self._recorder, number, super().view)
        self._recorder.record_view(number, view)
        return view

    def follow(self, after_version: int | None = None, *, stop: threading.Event | None = None) -> Iterator[News]:
        """Yield the room's news, like ``watch``, and record them as those of one spectator.

        Without ``after_version`` it continues after the last recorded event, or begins with the first event of the
        room.
        """
        if after_version is not None or not self._spectator:
            self._spectator = self._recorder.new_spectator(self._client)
            self._version = after_version or 0
        for news in self.watch(self._version, stop=stop):
            self._recorder.record_events(self._spectator, self.id, news.events, gap=news.gap)
            self._version = news.view.version
            yield news


def create(player: Player, call: Callable[..., Any], title: str, recorder: HistoryWriter, client: str) -> RecordedRoom:
    """Create a room, and record the call. ``call`` calls a remote method of the communication server."""
    request_id = new_request_id()
    number = recorder.record_command(client, None, Create(player.name, request_id, title, "tictactoe", {}))
    answer = _recording_error(
        recorder, number, lambda: call("create", player.token, request_id, title, "tictactoe", {})
    )
    recorder.record_done(number, answer["room"], answer["version"], None)
    return RecordedRoom(player.room(answer["room"]), recorder, client)


def _recording_error(recorder: HistoryWriter, number: int, send: Callable[[], Result]) -> Result:
    """Return what ``send`` returns. An error is recorded as the answer and raised again."""
    try:
        return send()
    except Refusal as refusal:
        recorder.record_refusal(number, refusal.code)
        raise
    except TicTacToeError as error:
        recorder.record_unknown(number, error.code)
        raise
