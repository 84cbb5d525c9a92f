"""A main server's term of office: all that it has from taking office to its end, put together.

The way of a command: a room object or the front door → ``desk`` (who asks) → ``group_commit`` (with whom together) →
``commit`` (decide, own journal) → ``replica_link`` (the copy) → ``house`` (visible to all).
"""

from __future__ import annotations

import contextlib

from server.commit import Commit
from server.common_objects import ClientObject
from server.compaction import Compactor
from server.counts import CommitCounts
from server.desk import Desk
from server.draining import Draining
from server.entries import Office
from server.faults import Faults
from server.group_commit import Committer
from server.ids import HOUSE_BOT, house_request
from server.journal import Journal
from server.node import Node
from server.pairing import Pairings
from server.primary import Primary
from server.replica_line import ReplicaLine
from server.replica_link import ReplicaLink
from server.retries import Retries
from server.room_news import MOST_EVENTS, ROOM_OF_AN_EVENT
from server.room_objects import RoomObject
from server.security import house_bot_token, token_hash
from server.streams import Streams, room_of
from server.timekeeper import Timekeeper
from server.witness import Witness, WitnessedHouse
from wire import MAIN, room_object
from wire.errors import StorageFailed
from wire.rpc import Endpoint

TIDY_PAUSE_S = 1.0
AT_ONCE = 500
"""Streams that are forgotten in one message."""


class Term:
    """The working parts of a main server in office."""

    def __init__(self, node: Node, clients: Endpoint, journal: Journal, office: Office, line: ReplicaLine) -> None:
        settings = node.settings
        faults = Faults(settings.test_faults)
        streams = Streams(settings.limits)
        self._node = node
        self._journal = journal
        self._line = line
        self._to_forget: list[str] = []
        self._last_turn = contextlib.ExitStack()
        self._clients = clients
        self.counts = CommitCounts()
        self.traffic = node.traffic
        self._witness = Witness(self.counts, every_command=settings.log_level == "debug")
        most_events = min(MOST_EVENTS, settings.max_message_bytes // ROOM_OF_AN_EVENT)
        self.house = WitnessedHouse(streams, journal, self._offer, most_events=most_events)
        self.house.witness = self._witness
        self._compactor = Compactor(
            journal,
            streams,
            every=settings.snapshot_every,
            keep_events=settings.keep_events,
            upto=lambda: self.house.published,
            in_memory=self.house.at_hand,
        )
        self.link = ReplicaLink(
            Primary(office, journal.last, journal.terms, forgotten_at=journal.forgotten_at),
            journal,
            self._compactor,
            faults=faults,
            step_down=node.step_down,
            wake=line.wake,
            piece_bytes=settings.piece_bytes,
        )
        node.retries |= {"replica": self.link.attempts, "snapshots": self._compactor.retries}
        commit = Commit(streams, self.house, journal, self.link, faults, self.house.moment)
        carried_out = self._witness.carried_out
        self.committer = Committer(commit, line.hold, step_down=node.step_down, carried_out=carried_out)
        house_bot = token_hash(house_bot_token(node.key))
        self.desk = Desk(self.house, self.committer, settings, house_bot=house_bot)
        self.pairings = Pairings(
            self.house,
            self.committer,
            check_new_room=self.desk.check_new_room,
            seat_house_bot=lambda: self.desk.names.claim(HOUSE_BOT, house_bot),
            expect=self.desk.expect,
        )
        self.draining = Draining(self.house, self.committer, node.run_folder)
        self._timekeeper = Timekeeper(self.house, self.committer, house_request)
        node.retries["time"] = self._timekeeper.retries

    def begin(self) -> None:
        """Take in the journal, offer every room, and keep the replica in step, in the background."""
        self.house.load()
        self.draining.begin_term()
        self._clients.offer(MAIN, ClientObject(MAIN))
        go_on, line, turn = self._node.go_on, self._line, self.committer.turn
        self._node.in_background("replica link", lambda: line.hold(self.link.run(go_on), turn=turn))
        self._node.in_background("compaction", lambda: self._compactor.run(go_on, self._node.pause))
        self._node.in_background("tidying", self._tidy)
        self._node.in_background("time", lambda: self._timekeeper.run(go_on, self._node.pause))
        self._node.in_background("witness", lambda: self._witness.run(go_on, self._node.pause))
        self._node.at_end(self.house.end)
        self._node.at_end(self._finish_commits)
        self._node.at_end(self._witness.write)

    def _finish_commits(self) -> None:
        """What is being committed is committed, and nothing more: the next main server does the rest. The turn is kept
        until this process is gone; what waits for it is asked for again.
        """
        self._last_turn.enter_context(self.committer.turn())

    def _offer(self, room: str) -> None:
        self._clients.offer(room_object(room), RoomObject(self.desk, room))

    def _tidy(self) -> None:
        tidying = self._node.retries["tidying"] = Retries("not tidied")
        while self._node.go_on():
            self._node.pause(TIDY_PAUSE_S)
            try:
                self._tidy_once()
            except StorageFailed as error:
                tidying.failed(error)
            else:
                tidying.succeeded()

    def _tidy_once(self) -> None:
        gone = self.desk.tidy()
        for stream in gone:
            self._clients.withdraw(room_object(room_of(stream) or ""))
        self._to_forget += gone
        if self._to_forget:
            with self.committer.turn():
                if self._line.hold(self.link.forget(self._to_forget[:AT_ONCE])):
                    del self._to_forget[:AT_ONCE]
