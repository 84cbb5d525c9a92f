"""The front door: what the communication server offers to anybody. Names, lobby, matches, results, and where a room is.

Lists are answered from copies (``lobby_follower``, ``game_index``), also while the main server is being replaced;
names, new rooms and matches it hands on to the main server.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from game.accounts.names import check_name
from game.accounts.recovery_code import LONGEST_WRITTEN, check_code
from game.errors import NoSuchRoom
from game.games.registry import DEFAULT_GAME, short_list
from game.games.selection import check_wish
from server.communication.game_index import GameIndex
from server.communication.lobby_follower import FOLLOW_WAIT_S, LOBBY, PAGE, LobbyFollower
from server.communication.matchmaker import BotLimits, Matchmaker
from server.communication.online import Online
from server.communication.presence import SAY_AGAIN_S, SHOWN
from server.communication.ratings import Pool
from server.communication.token_cache import TokenCache
from server.rooms.lobby import cursor_from
from server.runtime.security import cluster_id, code_hash, token_hash
from server.settings import Settings
from server.supervision.status import CachedStatus
from server.telemetry import metrics
from server.telemetry.metrics import Reading
from wire import MAIN, PROTOCOL_VERSION, room_object
from wire.arguments import mapping, one_of, optional, remote, request_id, room_id, seconds, text, token, whole
from wire.caller import calling_host
from wire.errors import DeadlineExceeded, NotReady, Unreachable
from wire.later import Later
from wire.message_reader import LARGEST_CALL
from wire.rpc import ProxyPool
from wire.waiting import about_to_wait

LONGEST_TICKET = 60
MOST_SHOWN = 100
"""Players of the leaderboard, and games, in one answer."""
GAMES_OF_A_PAGE = 20
_WISH = mapping(most_fields=10)
_GAME_NUMBER = whole(1, 1 << 53)


class FrontDoor:
    """The remote object ``communication_server``."""

    def __init__(
        self, copy: LobbyFollower, main: ProxyPool, glance: CachedStatus, settings: Settings, key: bytes
    ) -> None:
        """``key``: the cluster's, for tickets and for what the house bot is known by."""
        self._copy = copy
        self._main = main
        self._glance = glance
        self._settings = settings
        self._cluster_id = cluster_id(key)
        self._choices = short_list(DEFAULT_GAME)
        self.who_is_online = Online(self._ask_main, most=settings.max_connections, name_grace_s=settings.name_grace_s)
        self._identities = TokenCache(lambda hashed: self._ask_main("who_has", hashed))
        self.archive = GameIndex(lambda numbers: self._ask_main("records", list(numbers)))
        bot = BotLimits(settings.max_bot_matches, settings.max_bot_matches_per_host)
        self.matchmaker = Matchmaker(self._ask_main, copy, self._where, self.archive.rating_of, key, bot_limits=bot)

    def readings(self) -> Iterator[Reading]:
        """What the communication server tells."""
        yield Reading(metrics.LOBBY_ROOMS, len(self._copy.lobby.rows))
        yield Reading(metrics.LOBBY_COMPLETE, 1 if self._copy.complete else 0)
        yield Reading(metrics.CALLERS_WAITING, self._copy.herald.waiting, ("lobby",))
        yield Reading(metrics.SEEKERS, self.matchmaker.waiting)
        yield Reading(metrics.ONLINE, len(self.who_is_online.names()))

    @remote()
    def describe(self) -> dict[str, object]:
        """Which server this is, which version of the protocol it speaks, its limits for callers, and whether the
        cluster is being emptied.
        """
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
    def claim(self, name: str, token: str) -> dict[str, object]:
        """Claim a username with a secret token of one's own making, or come back to it with the same token."""
        answer = self._ask_main("claim", check_name(name), token_hash(token), calling_host())
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
    ) -> dict[str, object]:
        """Open a room; the answer says its id and where it is. Whoever has it finds the room in the list, unless it is
        private: then the answer has its invite ``code``. ``terms``: best_of, clock, private.
        """
        given = title, game, dict(options), dict(terms), calling_host()
        answer = self._ask_main("create", token_hash(token), request_id, *given)
        self._copy.wait_for(answer["revision"], FOLLOW_WAIT_S)
        room = str(answer["room"])
        return {"room": room, "version": answer["version"], "code": answer["code"], **self._where(room)}

    @remote(after=optional(text(longest=40), ""), limit=optional(whole(1, PAGE), PAGE))
    def rooms(self, after: str, limit: int) -> dict[str, object]:
        """Open rooms, or what changed in the list of them since a cursor; see ``wait_rooms``."""
        return self._copy.changes(cursor_from(after), limit)

    @remote(
        after=optional(text(longest=40), ""),
        timeout_s=optional(seconds(3600.0), 0.0),
        limit=optional(whole(1, PAGE), PAGE),
    )
    def wait_rooms(self, after: str, timeout_s: float, limit: int) -> dict[str, object] | Later:
        """The same, but if nothing has changed since the cursor wait until something does, or the time is up."""
        cursor = cursor_from(after)
        with self._copy.lock:
            if not self._copy.has_news(cursor) and timeout_s > 0:
                return self._copy.herald.wait(LOBBY, (cursor, limit), min(timeout_s, self._settings.max_wait_s))
        return self._copy.changes(cursor, limit)

    @remote(room=room_id)
    def where_is(self, room: str) -> dict[str, object]:
        """Host, port and object name of a room. Raises NoSuchRoom."""
        with self._copy.lock:
            known = room in self._copy.lobby.rows
        # A room can be younger than this copy of the lobby.
        if not known and not self._ask_main("is_open", room):
            raise NoSuchRoom("there is no such room (any more)")
        return self._where(room)

    @remote(name=text(longest=64), token=token)
    def online(self, name: str, token: str) -> dict[str, object]:
        """Say that one is online, and hear who else is, and whether the cluster is being emptied. Who says no more is
        gone after some seconds.
        """
        self.who_is_online.hear(name, token_hash(token), calling_host())
        names = self.who_is_online.names()
        told = {"draining": self._copy.draining}
        return {"names": names[:SHOWN], "count": len(names), "again_s": SAY_AGAIN_S, **told}

    @remote(token=token, code=text(longest=LONGEST_WRITTEN))
    def keep_name(self, token: str, code: str) -> dict[str, object]:
        """Let one's username stay one's own however long one is away; with the code it can be recovered."""
        answer = self._ask_main("keep_name", token_hash(token), code_hash(check_code(code)), calling_host())
        return {"name": answer["name"]}

    @remote(name=text(longest=64), code=text(longest=LONGEST_WRITTEN), token=token)
    def recover_name(self, name: str, code: str, token: str) -> dict[str, object]:
        """Have a kept username again, with its code, for a new token; the one before it is nobody's then."""
        given = check_name(name), code_hash(check_code(code)), token_hash(token), calling_host()
        answer = self._ask_main("recover_name", *given)
        self.who_is_online.forget(str(answer["name"]))
        return {"name": answer["name"]}

    # -- matches --------------------------------------------------------------------------------------------------

    @remote(
        token=token,
        wish=optional(_WISH, {}),
        ticket=optional(text(longest=LONGEST_TICKET), ""),
        timeout_s=optional(seconds(3600.0), 0.0),
    )
    def seek(self, token: str, wish: Mapping[str, object], ticket: str, timeout_s: float) -> dict[str, object] | Later:
        """Ask for a match: its room, at once or when there is one; or, when time is up, how it stands. Only who asks
        again waits on; the ``ticket`` of the answer keeps the place in the queue.
        """
        name = self._identities.name_with(token_hash(token))
        checked = check_wish(wish, self._choices)
        return self.matchmaker.seek(name, checked, ticket, min(timeout_s, self._settings.max_wait_s))

    @remote(token=token)
    def cancel_seek(self, token: str) -> dict[str, object]:
        """Wait for a match no more. If there is one by now, this is its room."""
        return self.matchmaker.cancel(self._identities.name_with(token_hash(token)))

    @remote(token=token, request_id=request_id, wish=optional(_WISH, {}))
    def play_house_bot(self, token: str, request_id: str, wish: Mapping[str, object]) -> Mapping[str, object]:
        """A match with the servers' own bot, at once."""
        name = self._identities.name_with(token_hash(token))
        return self.matchmaker.play_house_bot(name, request_id, check_wish(wish, self._choices), calling_host())

    # -- results --------------------------------------------------------------------------------------------------

    @remote(pool=optional(one_of("people", "bots"), "people"), limit=optional(whole(1, MOST_SHOWN), MOST_SHOWN))
    def leaderboard(self, pool: Pool, limit: int) -> dict[str, object]:
        """The strongest players, among people or among bots and those who play them."""
        return self.archive.leaderboard(pool, limit)

    @remote(name=text(longest=64))
    def player(self, name: str) -> dict[str, object]:
        """Ratings and latest games of somebody, as in ``leaderboard`` and ``games``."""
        return self.archive.player(check_name(name), GAMES_OF_A_PAGE)

    @remote(
        name=optional(text(longest=64), ""),
        before=optional(whole(0, 1 << 53), 0),
        limit=optional(whole(1, MOST_SHOWN), GAMES_OF_A_PAGE),
    )
    def games(self, name: str, before: int, limit: int) -> dict[str, object]:
        """Finished games, the latest first, of somebody or of all; from below the number ``before`` on, if not 0.
        ``earlier``: what to give as ``before`` for those before them, 0 if there are none.
        """
        return self.archive.games(check_name(name) if name else "", before, limit)

    @remote(number=_GAME_NUMBER)
    def game(self, number: int) -> Mapping[str, object]:
        """A finished game: ``record``, and ``changes`` of ratings, [before, after] by name. Raises NoSuchGame."""
        return self.archive.game(number)

    @remote(room=room_id, number=_GAME_NUMBER)
    def result(self, room: str, number: int) -> Mapping[str, object]:
        """The finished game of that number in a room. Raises NoSuchGame, also while it is not in the book yet."""
        return self.archive.result(room, number)

    # -- the servers ----------------------------------------------------------------------------------------------

    @remote()
    def servers(self) -> dict[str, object]:
        """How the four servers are, and which were replaced lately."""
        about_to_wait()
        return self._glance.take()

    def _where(self, room: str) -> dict[str, object]:
        host, port = self._settings.public_address_of(MAIN)
        return {"host": host, "port": port, "object": room_object(room)}

    def _ask_main(self, method: str, *arguments: object) -> Any:
        """Ask the main server; a second time at once if that fails, for the connection may be from before a takeover.

        Whatever is asked can be asked twice: names by their token, rooms by their request id.
        """
        for again in (True, False):
            try:
                return self._main.call(method, *arguments, timeout_s=self._settings.hang_s * 2)
            except Unreachable as error:
                if not again or isinstance(error, DeadlineExceeded):
                    break
        raise NotReady("the main server is being replaced: try again")
