"""A room client that records every command, and the creation of a room."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

from client.player import Player
from client.room import RoomClient, new_request_id
from client.room_news import News
from game.forms.room_view import View
from game.rooms.commands import COMMANDS, Create
from game.rooms.remembered_requests import CommandAnswer
from verify.history.record import AnsweredCall, ObservedView, Seen
from verify.testbed.history_file import HistoryWriter


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
        command = COMMANDS[method.title().replace("_", "")](self.name, request_id, *arguments)
        with self._recorder.call(self._client, self.id, command) as record_answer:
            answer = super()._command(method, request_id, *arguments)
            record_answer(AnsweredCall(answer.version, answer.seat))
        return answer

    def view(self) -> View:
        with self._recorder.call(self._client, self.id, ObservedView(self.name)) as record_answer:
            view = super().view()
            record_answer(Seen(view.version, view.phase, view.moves))
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
    create = Create(player.name, new_request_id(), title, "tictactoe", {})
    with recorder.call(client, None, create) as record_answer:
        answer = call("create", player.token, create.request_id, title, create.game, create.options)
        record_answer(AnsweredCall(answer["version"], None), answer["room"])
    return RecordedRoom(player.room(answer["room"]), recorder, client)
