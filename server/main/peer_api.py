"""The main server's remote object for the other servers: usernames, rooms, matches, lobby and game archive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from server.main.primary_term import PrimaryTerm
from server.main.reads import Reads
from server.process.base_api import PeerApi
from server.process.server_process import ServerProcess
from server.rooms.lobby import LobbyCursor
from server.rooms.pairing import Pairing, pairings
from server.runtime.effects import Await, Effects, no_effects
from server.telemetry import metrics
from server.telemetry.metrics import Reading
from wire import REPLICATION
from wire.arguments import (
    mapping,
    optional,
    or_none,
    remote,
    request_id,
    room_id,
    seconds,
    sequence,
    text,
    whole,
    yes_or_no,
)
from wire.errors import NotReady
from wire.later import Later

_HASH = text(longest=64, shortest=64)
_HOST = optional(text(longest=64), "")
_POSITION = whole(0, 1 << 62)
_LATEST = 1 << 40
"""The latest date allowed, in seconds since 1970."""


class MainPeerApi(PeerApi):
    """Answers the other servers. Its methods raise NotReady until this main server serves something."""

    def __init__(self, process: ServerProcess) -> None:
        super().__init__(process)
        self._serving: Reads | None = None  # never None again once set

    def serve(self, serving: Reads) -> None:
        """Answer from that part from now on."""
        self._serving = serving

    @property
    def term(self) -> PrimaryTerm | None:
        """The primary's term, if it has begun."""
        return self._serving if isinstance(self._serving, PrimaryTerm) else None

    def probe(self) -> Effects[bool]:
        """Wait for the commits under way. Return False if nothing is served yet."""
        if self._serving is None:
            return False
        yield Await(self._serving.committer.locked(no_effects()))
        return True

    def more_status(self) -> dict[str, object]:
        if self._serving is None:
            return {"step": "waiting for office"}
        return self._serving.status()

    def readings(self) -> Iterator[Reading]:
        """Yield the main server's metrics; before its term, only that there is none."""
        yield Reading(metrics.IS_PRIMARY, 0 if self.term is None else 1)
        yield Reading(metrics.READ_ONLY, 1 if self._serving is not None and self.term is None else 0)
        if self.term is not None:
            yield from self.term.readings()

    @remote(on=yes_or_no, until=or_none(whole(0, _LATEST)))
    def drain(self, on: bool, until: int | None) -> Effects[Mapping[str, object] | None]:
        """Begin a drain until that date at the latest, or end it."""
        return self._served().draining.drain(on, until)

    @remote(name=text(longest=64), token_hash=_HASH, host=_HOST)
    def claim(self, name: str, token_hash: str, host: str) -> Effects[Mapping[str, object]]:
        """Give a username to a token, or confirm that the token has it.

        ``host``: the host that connected to the front door.
        """
        return self._served().command_service.accounts.claim(name, token_hash, host)

    @remote(token_hash=_HASH, code_hash=_HASH, host=_HOST)
    def keep_name(self, token_hash: str, code_hash: str, host: str) -> Effects[Mapping[str, object]]:
        """Make a username a reserved name with a recovery code."""
        return self._served().command_service.accounts.reserve(token_hash, code_hash, host)

    @remote(name=text(longest=64), code_hash=_HASH, token_hash=_HASH, host=_HOST)
    def recover_name(self, name: str, code_hash: str, token_hash: str, host: str) -> Effects[Mapping[str, object]]:
        """Give a reserved name to another token, by its recovery code."""
        return self._served().command_service.accounts.recover(name, code_hash, token_hash, host)

    @remote(
        token_hash=_HASH,
        request_id=request_id,
        title=text(longest=200),
        game=text(longest=40),
        options=mapping(most_fields=20),
        terms=mapping(most_fields=20),
        host=_HOST,
    )
    def create(
        self,
        token_hash: str,
        request_id: str,
        title: str,
        game: str,
        options: Mapping[str, object],
        terms: Mapping[str, object],
        host: str,
    ) -> Effects[dict[str, object]]:
        """Open a room."""
        return self._served().command_service.create(token_hash, request_id, title, game, options, terms, host)

    @remote(pairings=pairings)
    def open_matches(self, pairings: Sequence[Pairing]) -> Effects[dict[str, object]]:
        """Open rooms for matched players. ``revision`` in the answer: of a lobby that has these rooms."""
        served = self._served()
        opened = yield from served.match_opener.open(pairings)
        return {"opened": [one._asdict() for one in opened], "revision": served.store.index.revision}

    @remote(token_hash=_HASH)
    def who_has(self, token_hash: str) -> str:
        """Return the username that belongs to a token."""
        return self._served().command_service.accounts.identify(token_hash)

    @remote(number=_POSITION, limit=whole(1, 1000), timeout_s=seconds(30.0))
    def records_after(self, number: int, limit: int, timeout_s: float) -> dict[str, Any] | Later:
        """Return the records of finished games after that number, when there are any or the time is up."""
        return self._served().store.wait_records_after(number, limit, timeout_s)

    @remote(numbers=sequence(most=1000))
    def records(self, numbers: Sequence[object]) -> list[dict[str, Any]]:
        """Return the records of these numbers."""
        return self._served().store.archive.records_numbered([_POSITION(number) for number in numbers])

    @remote(room=room_id)
    def is_open(self, room: str) -> bool:
        """Return whether there is such a room and it is open."""
        return self._served().store.is_open(room)

    @remote(revision=_POSITION, began=_POSITION, limit=whole(1, 1000), timeout_s=seconds(30.0))
    def lobby_changes(self, revision: int, began: int, limit: int, timeout_s: float) -> dict[str, Any] | Later:
        """Return what changed in the lobby after a cursor, when anything has or the time is up."""
        return self._served().store.wait_lobby_changes(LobbyCursor(revision, began), limit, timeout_s)

    def _served(self) -> Reads:
        if self._serving is None:
            raise NotReady(f"the main server waits for the {REPLICATION}")
        return self._serving
