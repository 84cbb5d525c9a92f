"""Well-formed calls with bad contents: random methods and arguments on every object, and tokens of other users.

No such call may change anything: in each that could, at least one required argument is bad.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from client.room import new_request_id
from game.accounts.recovery_code import BITS, code_from
from verify.fuzz.attack import AttackCounts, AttackerTask
from verify.fuzz.methods import FRONT_DOOR, MUST_BE_GOOD, PEER_METHODS, PRIVATE, ROOM, WITHOUT_EFFECT
from verify.fuzz.values import junk, random_token, wrong_text
from verify.testbed.attack_surface import CLIENT, PEERS, AttackedPort
from wire import COMMUNICATION, MAIN, PEER, room_object
from wire.errors import Forbidden, TicTacToeError, Unreachable
from wire.rpc import Address, Proxy

TIMEOUT_S = 60.0
BAD_TERMS: tuple[dict[str, object], ...] = (
    {"clock": []},
    {"clock": {"a": 1}},
    {"best_of": 3.0},
    {"best_of": 2},
    {"private": 1},
)
MOST_CONNECTIONS = 40
"""How many connections an attacker keeps open."""


class BadCaller:
    """Makes bad calls."""

    def __init__(self, task: AttackerTask, rng: random.Random, tally: AttackCounts) -> None:
        self._task = task
        self._rng = rng
        self._tally = tally
        # Open connections by address, object and serializer.
        self._proxies: dict[tuple[Address, str, str], Proxy] = {}
        self._ports = {port.role: port for port in task.ports if port.use == CLIENT}
        self._peers = [port for port in task.ports if port.use == PEERS]
        self._kinds: Sequence[tuple[str, Callable[[], None]]] = (
            ("bad arguments in a room", self._room_method),
            ("bad arguments in a room", self._room_method),
            ("bad arguments at the front door", self._front_door_method),
            ("another's name or token", self._as_other_user),
            ("peer method on a client port", self._peer_method),
            ("private or unknown method", self._private_method),
            ("unknown object", self._unknown_object),
            ("forged key", self._forged_key),
        )

    def make_call(self) -> None:
        """Make one bad call."""
        kind, make = self._rng.choice(self._kinds)
        self._tally.count_input(kind)
        make()

    def close(self) -> None:
        """Close all connections."""
        for proxy in self._proxies.values():
            proxy.close()
        self._proxies.clear()

    def _room_method(self) -> None:
        method = self._rng.choice(list(ROOM))
        self._call(self._ports[MAIN], room_object(self._random_room()), method, *self._arguments(method, ROOM[method]))

    def _front_door_method(self) -> None:
        method = self._rng.choice(list(FRONT_DOOR))
        arguments = self._arguments(method, FRONT_DOOR[method])
        self._call(self._ports[COMMUNICATION], COMMUNICATION, method, *arguments)

    def _as_other_user(self) -> None:
        """Call as another user, or as a user without the right to it."""
        rng, token = self._rng, self._task.token
        victim, stranger = rng.choice(self._task.names), random_token(rng)
        at_the_front_door: list[tuple[object, ...]] = [
            ("claim", victim, stranger),
            ("claim", victim.upper(), stranger),
            ("claim", victim, token),
            ("claim", "HouseBot", stranger),
            ("online", victim, token),
            ("recover_name", victim, _random_code(rng), token),
            ("recover_name", victim, _random_code(rng), stranger),
            ("keep_name", stranger, _random_code(rng)),
            ("create", token, new_request_id(), "", "tictactoe", {}, rng.choice(BAD_TERMS)),
            ("seek", stranger),
            ("cancel_seek", stranger),
        ]
        in_a_room: list[tuple[object, ...]] = [
            ("view", stranger),
            ("move", stranger, new_request_id(), 0),
            ("leave", f"{token[:-1]}é", new_request_id()),
            *((method, token, new_request_id(), *arguments) for method, *arguments in self._room_commands(victim)),
        ]
        front_door = (self._ports[COMMUNICATION], COMMUNICATION)
        room = (self._ports[MAIN], room_object(self._random_room()))
        target, (method, *arguments) = rng.choice(
            [*((front_door, one) for one in at_the_front_door), *((room, one) for one in in_a_room)]
        )
        self._call(*target, str(method), *arguments, refused=True)

    def _room_commands(self, victim: str) -> list[tuple[object, ...]]:
        """Return commands that only somebody in the room may give, with their arguments."""
        rng = self._rng
        matter = rng.choice(("draw", "takeback", "abort"))
        return [
            ("move", 0),
            ("resign",),
            ("rematch",),
            ("close",),
            ("say", rng.choice(("hello", "\u202eolleh", "\x1b[2J", "x" * 1000, "<script>"))),
            ("offer", matter),
            ("accept", matter),
            ("decline", rng.choice((matter, "rematch"))),
            ("claim_game", rng.choice(("win", "draw"))),
            ("propose", {"board": "3x3", "best_of": rng.choice((1, 1.0, True, [1])), "clock": "none"}),
            ("lock", True),
            ("remove", victim),
        ]

    def _peer_method(self) -> None:
        port = self._rng.choice(list(self._ports.values()))
        name = self._rng.choice((PEER, port.role))
        method = self._rng.choice(PEER_METHODS)
        if name == COMMUNICATION and method in FRONT_DOOR:
            method = "append"
        arguments = [junk(self._rng) for _ in range(self._rng.randrange(6))]
        self._call(port, name, method, *arguments, refused=True)

    def _private_method(self) -> None:
        port = self._rng.choice(list(self._ports.values()))
        name = self._rng.choice((port.role, "Pyro.Daemon", room_object(self._random_room())))
        method = self._rng.choice(PRIVATE)
        self._call(port, name, method, *(junk(self._rng) for _ in range(self._rng.randrange(3))))

    def _unknown_object(self) -> None:
        port = self._rng.choice(list(self._ports.values()))
        name = self._rng.choice(("room.nosuch", "room.", "nobody", "Pyro.NameServer", "é", "room.\u202e", "../x"))
        self._call(port, name, "view", random_token(self._rng), refused=True)

    def _forged_key(self) -> None:
        port = self._rng.choice(self._peers)
        key = self._rng.choice((None, b"x", self._rng.randbytes(32)))
        proxy = Proxy(port.address, PEER, key=key, serializer=self._serializer())
        try:
            proxy.call(self._rng.choice(PEER_METHODS), timeout_s=TIMEOUT_S)
        except (Forbidden, Unreachable) as error:
            self._tally.count_answer("forged key", error.code, error.message)
        except Exception as error:
            self._tally.add_finding(f"{port.role}: unexpected error for a forged key: {error!r}")
        else:
            self._tally.add_finding(f"{port.role} accepted a forged key")
        finally:
            proxy.close()

    # -- details --------------------------------------------------------------------------------------------------

    def _arguments(self, method: str, names: Sequence[str]) -> list[object]:
        """Return arguments of which one or all are bad, or too many arguments. They never change anything."""
        rng = self._rng
        count = [name for name in names if method in WITHOUT_EFFECT or name in MUST_BE_GOOD]
        bad = set(names) if rng.random() < 0.3 else {rng.choice(count)} if count else set()  # noqa: PLR2004
        values = [self._bad(name) if name in bad else self._good(name) for name in names]
        if rng.random() < 0.05:  # noqa: PLR2004  # now and then
            values.append(junk(rng))
        return values

    def _bad(self, name: str) -> object:
        if name in MUST_BE_GOOD and self._rng.random() < 0.4:  # noqa: PLR2004  # almost valid
            return wrong_text(self._rng)
        value = junk(self._rng)
        if name in MUST_BE_GOOD and isinstance(value, str):
            return f"{value}\x00"  # without it the value could be valid by chance
        if name in ("timeout_s", "after_version"):
            return None if isinstance(value, (int, float)) else value  # a valid value would only wait
        return value

    def _good(self, name: str) -> object:
        return {
            "token": self._task.token,
            "request_id": new_request_id(),
            "name": self._task.name,
            "code": _random_code(self._rng),
            "invite_code": "0123456789ab",
            "room": self._random_room(),
            "after_version": 0,
            "form": "checksum",
            "timeout_s": 0.0,
            "role": "player",
            "move": 0,
            "result": "win",
            "proposal": {"board": "3x3", "best_of": 1, "clock": "none"},
            "what": "draw",
            "text": "hello",
            "on": True,
            "terms": {},
            "wish": {},
            "ticket": f"3600000-{self._rng.getrandbits(128):032x}",
            "pool": "people",
            "before": 0,
            "number": 1,
            "title": "",
            "game": "tictactoe",
            "options": {},
            "after": "",
            "limit": 1,
        }[name]

    def _random_room(self) -> str:
        return self._rng.choice(self._task.rooms)

    def _serializer(self) -> str:
        return self._rng.choice(("msgpack", "serpent"))

    def _call(self, port: AttackedPort, name: str, method: str, *arguments: object, refused: bool = False) -> None:
        what = f"{port.role} {name}.{method}"
        key = (port.address, name, self._serializer())
        if len(self._proxies) > MOST_CONNECTIONS:
            self.close()
        proxy = self._proxies.setdefault(key, Proxy(*key[:2], serializer=key[2]))
        try:
            answer = proxy.call(method, *arguments, timeout_s=TIMEOUT_S)
        except TicTacToeError as error:
            self._tally.count_answer(what, error.code, error.message)
        except Exception as error:
            self._tally.add_finding(f"{what}: {error!r}"[:300])
        else:
            self._tally.count_answer(what, "ok", str(answer)[:2000])
            if refused:
                self._tally.add_finding(f"{what} was not refused: {str(answer)[:200]}")


def _random_code(rng: random.Random) -> str:
    """Return a random recovery code, which is valid for no user."""
    return code_from(rng.getrandbits(BITS))
