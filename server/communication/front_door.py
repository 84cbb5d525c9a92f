"""The front door: the remote methods for clients. Usernames, lobby, matches, results, and the addresses of rooms.

Lists are answered from copies (``lobby_follower``, ``game_index``), also while the main server is being replaced. For
usernames, new rooms and matches, the front door calls the main server: these methods are procedures, and the endpoint
runs them. It is one file because it is one remote object: the list of what clients can call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from game.accounts.names import check_name
from game.accounts.recovery_code import LONGEST_WRITTEN, check_code
from game.errors import NoSuchRoom
from game.games.registry import DEFAULT_GAME, short_list
from game.match.selection import check_filter
from server.communication.bot_matches import BotLimits
from server.communication.following import FOLLOW_WAIT_S, PAGE
from server.communication.game_index import GameIndex
from server.communication.lobby_follower import LOBBY, LobbyFollower
from server.communication.matchmaker import Matchmaker
from server.communication.online import Online
from server.communication.presence import REPORT_EVERY_S, SHOWN
from server.communication.ratings import Pool
from server.communication.token_cache import TokenCache
from server.rooms.lobby import cursor_from
from server.runtime.effects import Await, Effects, RemoteCall
from server.runtime.security import cluster_id, code_hash, token_hash
from server.runtime.timers import Timers
from server.settings import Settings
from server.supervision.status import CachedStatus
from server.telemetry import metrics
from server.telemetry.metrics import Reading
from wire import MAIN, PROTOCOL_VERSION, room_object
from wire.arguments import mapping, one_of, optional, remote, request_id, room_id, seconds, text, token, whole
from wire.caller import calling_host
from wire.later import Later
from wire.message_reader import LARGEST_CALL

LONGEST_TICKET = 60
MOST_SHOWN = 100
"""The most players of the leaderboard, or games, in one answer."""
GAMES_OF_A_PAGE = 20
_WISH = mapping(most_fields=10)
_GAME_NUMBER = whole(1, 1 << 53)


class FrontDoor:
    """The remote object ``communication_server``. A method must read ``calling_host()`` before its first effect."""

    def __init__(
        self, copy: LobbyFollower, status: CachedStatus, settings: Settings, key: bytes, timers: Timers
    ) -> None:
        """``key``: the cluster's key, for the cluster id and for tickets."""
        self._copy = copy
        self._status = status
        self._settings = settings
        self._cluster_id = cluster_id(key)
        self._choices = short_list(DEFAULT_GAME)
        self.users_online = Online(most=settings.max_connections, name_grace_s=settings.name_grace_s)
        self._token_cache = TokenCache()
        self.archive = GameIndex(timers)
        bot = BotLimits(settings.max_bot_matches, settings.max_bot_matches_per_host)
        self.matchmaker = Matchmaker(copy, self._where, self.archive.rating_of, key, timers, bot_limits=bot)

    def readings(self) -> Iterator[Reading]:
        """Yield the communication server's metrics."""
        yield Reading(metrics.LOBBY_ROOMS, len(self._copy.lobby.rows))
        yield Reading(metrics.LOBBY_COMPLETE, 1 if self._copy.complete else 0)
        yield Reading(metrics.CALLERS_WAITING, self._copy.long_polls.waiting, ("lobby",))
        yield Reading(metrics.SEEKERS, self.matchmaker.waiting)
        yield Reading(metrics.ONLINE, len(self.users_online.names()))

    @remote()
    def describe(self) -> dict[str, object]:
        """Return the server's role, its protocol version, its limits for callers, and the drain, if there is one."""
        return {
            "role": "communication_server",
            "protocol": PROTOCOL_VERSION,
            "cluster": self._cluster_id,
            "max_wait_s": self._settings.max_wait_s,
            "max_message_bytes": self._settings.max_message_bytes,
            "claim_after_s": self._settings.claim_after_s,
            "max_call_bytes": min(LARGEST_CALL, self._settings.max_message_bytes),
            "draining": self._copy.draining,
        }

    @remote(name=text(longest=64), token=token)
    def claim(self, name: str, token: str) -> Effects[dict[str, object]]:
        """Claim a username with a secret token that the client made, or confirm it with the same token."""
        answer = yield RemoteCall("claim", (check_name(name), token_hash(token), calling_host()))
        return {"name": answer["name"]}

    @remote(
        token=token,
        request_id=request_id,
        title=optional(text(longest=200), ""),
        game=optional(text(longest=40), DEFAULT_GAME),
        options=optional(mapping(most_fields=20), {}),
        terms=optional(mapping(most_fields=20), {}),
    )
    def create(
        self,
        token: str,
        request_id: str,
        title: str,
        game: str,
        options: Mapping[str, object],
        terms: Mapping[str, object],
    ) -> Effects[dict[str, object]]:
        """Open a room. Return its id and its address; for a private room also its invite ``code``.

        The call waits up to ``FOLLOW_WAIT_S`` for the lobby, so the caller finds the room in the list. A private room
        is in no list. ``terms``: best_of, clock, private.
        """
        given = title, game, dict(options), dict(terms), calling_host()
        answer = yield RemoteCall("create", (token_hash(token), request_id, *given))
        yield from self._copy.wait_for(answer["revision"], FOLLOW_WAIT_S)
        room = str(answer["room"])
        return {"room": room, "version": answer["version"], "code": answer["code"], **self._where(room)}

    @remote(after=optional(text(longest=40), ""), limit=optional(whole(1, PAGE), PAGE))
    def rooms(self, after: str, limit: int) -> dict[str, object]:
        """Return open rooms, or the changes of their list since a cursor; see ``wait_rooms``."""
        return self._copy.changes(cursor_from(after), limit)

    @remote(
        after=optional(text(longest=40), ""),
        timeout_s=optional(seconds(3600.0), 0.0),
        limit=optional(whole(1, PAGE), PAGE),
    )
    def wait_rooms(self, after: str, timeout_s: float, limit: int) -> dict[str, object] | Later:
        """Return what ``rooms`` returns.

        Without a change since the cursor, wait until there is a change or the time is up.
        """
        cursor = cursor_from(after)
        if not self._copy.has_news(cursor) and timeout_s > 0:
            return self._copy.long_polls.wait(LOBBY, (cursor, limit), min(timeout_s, self._settings.max_wait_s))
        return self._copy.changes(cursor, limit)

    @remote(room=room_id)
    def where_is(self, room: str) -> Effects[dict[str, object]]:
        """Return host, port and object name of a room. Raises NoSuchRoom."""
        # The copy of the lobby may not have a new room yet.
        if room not in self._copy.lobby.rows and not (yield RemoteCall("is_open", (room,))):
            raise NoSuchRoom("there is no such room (any more)")
        return self._where(room)

    @remote(name=text(longest=64), token=token)
    def online(self, name: str, token: str) -> Effects[dict[str, object]]:
        """Report the caller as online. Return who is online, and the drain, if there is one.

        A user whose client does not repeat the call is offline after some seconds.
        """
        yield from self.users_online.report(name, token_hash(token), calling_host())
        names = self.users_online.names()
        more = {"again_s": REPORT_EVERY_S, "draining": self._copy.draining}
        return {"names": names[:SHOWN], "count": len(names), **more}

    @remote(token=token, code=text(longest=LONGEST_WRITTEN))
    def keep_name(self, token: str, code: str) -> Effects[dict[str, object]]:
        """Make the caller's username a reserved name. With the code it can be recovered."""
        answer = yield RemoteCall("keep_name", (token_hash(token), code_hash(check_code(code)), calling_host()))
        return {"name": answer["name"]}

    @remote(name=text(longest=64), code=text(longest=LONGEST_WRITTEN), token=token)
    def recover_name(self, name: str, code: str, token: str) -> Effects[dict[str, object]]:
        """Give a reserved name to a new token, by its recovery code. The previous token loses the name."""
        given = check_name(name), code_hash(check_code(code)), token_hash(token), calling_host()
        answer = yield RemoteCall("recover_name", given)
        self.users_online.forget(str(answer["name"]))
        return {"name": answer["name"]}

    # -- matches --------------------------------------------------------------------------------------------------

    @remote(
        token=token,
        wish=optional(_WISH, {}),
        ticket=optional(text(longest=LONGEST_TICKET), ""),
        timeout_s=optional(seconds(3600.0), 0.0),
    )
    def seek(self, token: str, wish: Mapping[str, object], ticket: str, timeout_s: float) -> Effects[object]:
        """Seek a match. Return its room at once or when there is one; when the time is up, return the state of the
        seek.

        The seek ends unless the client calls again. The ``ticket`` of the answer keeps the place in the queue.
        """
        name = yield from self._token_cache.name_with(token_hash(token))
        checked = check_filter(wish, self._choices)
        yield from self._forget_closed_match(name)
        found = self.matchmaker.seek(name, checked, ticket, min(timeout_s, self._settings.max_wait_s))
        return (yield Await(found)) if isinstance(found, Later) else found

    @remote(token=token)
    def cancel_seek(self, token: str) -> Effects[dict[str, object]]:
        """End a seek. If there is a match by now, return its room."""
        name = yield from self._token_cache.name_with(token_hash(token))
        return (yield from self.matchmaker.cancel(name))

    @remote(token=token, request_id=request_id, wish=optional(_WISH, {}))
    def play_house_bot(self, token: str, request_id: str, wish: Mapping[str, object]) -> Effects[Mapping[str, object]]:
        """Open a match with the house bot at once."""
        host = calling_host()
        name = yield from self._token_cache.name_with(token_hash(token))
        checked = check_filter(wish, self._choices)
        yield from self._forget_closed_match(name)
        return (yield from self.matchmaker.play_house_bot(name, request_id, checked, host))

    # -- results --------------------------------------------------------------------------------------------------

    @remote(pool=optional(one_of("people", "bots"), "people"), limit=optional(whole(1, MOST_SHOWN), MOST_SHOWN))
    def leaderboard(self, pool: Pool, limit: int) -> dict[str, object]:
        """Return the strongest players, among people or among bots and their opponents."""
        return self.archive.leaderboard(pool, limit)

    @remote(name=text(longest=64))
    def player(self, name: str) -> Effects[dict[str, object]]:
        """Return the ratings and latest games of a player, as in ``leaderboard`` and ``games``."""
        return self.archive.player(check_name(name), GAMES_OF_A_PAGE)

    @remote(
        name=optional(text(longest=64), ""),
        before=optional(whole(0, 1 << 53), 0),
        limit=optional(whole(1, MOST_SHOWN), GAMES_OF_A_PAGE),
    )
    def games(self, name: str, before: int, limit: int) -> Effects[dict[str, object]]:
        """Return finished games, the latest first, of one player or of all.

        ``before``: if not 0, only games with a lower number. ``earlier`` in the answer: the ``before`` for the next
        page, 0 if there is none.
        """
        return self.archive.games(check_name(name) if name else "", before, limit)

    @remote(number=_GAME_NUMBER)
    def game(self, number: int) -> Effects[Mapping[str, object]]:
        """Return a finished game: ``record``, and rating ``changes``, [before, after] by name. Raises NoSuchGame."""
        return self.archive.game(number)

    @remote(room=room_id, number=_GAME_NUMBER)
    def result(self, room: str, number: int) -> Effects[Mapping[str, object]]:
        """Return the finished game of that number in a room.

        Raises NoSuchGame, also while the game archive does not have the game yet.
        """
        return self.archive.result(room, number)

    # -- the servers ----------------------------------------------------------------------------------------------

    @remote()
    def servers(self) -> Later:
        """Return the state of the four servers, and which of them were replaced lately."""
        return self._status.read()

    def _forget_closed_match(self, name: str) -> Effects[None]:
        """Drop the player's match from the copy of the lobby if it is closed: the copy may be a moment old."""
        room = self._copy.match_of(name)
        if room is not None and not (yield RemoteCall("is_open", (room,))):
            self._copy.lobby.matches.put(room, self._copy.lobby.rows.get(room), None)

    def _where(self, room: str) -> dict[str, object]:
        host, port = self._settings.public_address_of(MAIN)
        return {"host": host, "port": port, "object": room_object(room)}
