"""The part of the desk where usernames are claimed, kept, recovered and let go, and whoever asks is known by a token.

``game.names`` decides whose a name is, where the log is. Here is what the log does not know: who was heard of when, who
sits in open rooms, and which names look alike.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import structlog

from game import names
from game.draining import check_not_draining
from game.errors import BadToken, InvalidArgument, NameTaken, NameTooSimilar, Refusal, WrongCode
from game.look_alikes import passes_for, skeletons
from game.new_names import check_new_name
from server.command_port import CommandPort
from server.guesses import Guesses
from server.house import House
from server.ids import HOUSE_BOT
from server.settings import Settings
from server.streams import name_stream
from wire.errors import Busy, NotReady
from wire.later import now

RELEASED_AT_ONCE = 200
"""Names that are looked at in one round of tidying."""
EVER = 10
"""So many times the names that may be held are remembered, free ones among them: each has a stream in the log."""

logger = structlog.get_logger()


class NameDesk:
    """Whose names are whose. Safe for threads."""

    def __init__(
        self,
        house: House,
        committer: CommandPort,
        settings: Settings,
        clock: Callable[[], float] = time.monotonic,
        *,
        house_bot: str = "",
    ) -> None:
        """``house_bot``: the hash of the token under which the servers themselves play."""
        self._house_bot = house_bot
        self._house = house
        self._committer = committer
        self._settings = settings
        self._clock = clock
        self._opened_at = clock()
        self._lock = threading.Lock()
        self._heard: dict[str, float] = {}  # name -> when; the one heard longest ago first
        self._going: set[str] = set()  # hashes of tokens whose names are being let go
        self._coming: set[str] = set()  # what names look like that are being claimed, and hashes of the tokens
        self._guesses = Guesses()
        self._knows_all = False

    def who(self, token_hash: str) -> str:
        """The username of a token, whose owner was heard of now. Raises BadToken, NotReady."""
        with self._lock:
            if token_hash in self._going:
                raise NotReady("this name is being let go: try again")
            name = self._house.names.name_with(token_hash)
            if name is not None:
                self._hear(name)
                return name
        raise BadToken("this token belongs to nobody here: claim a name with it first")

    def claim(self, name: str, token_hash: str) -> Mapping[str, object]:
        """Give the username to this token, or confirm that it has it. Raises NameTaken, NameTooSimilar, NotReady,
        InvalidArgument, Busy, and Draining for a new one.
        """
        owned = self._house.names.name_with(token_hash)
        if owned is not None:  # whatever it is: names from before the rules for new ones stay their owners'
            self._check_same(owned, name)
            self.who(token_hash)
            return self._commit(name, names.Claim(name, token_hash))
        if token_hash != self._house_bot and passes_for(name, HOUSE_BOT):
            raise NameTaken("that is the name of the servers' own player, or looks like it")
        name = check_new_name(name)
        check_not_draining(self._house.service.draining, "names")
        known = self._house.state_of(_stream(name)).version > 0
        too_many_ever = not known and len(self._house.names) >= self._settings.max_names * EVER
        if too_many_ever or self._house.names.held >= self._settings.max_names:
            raise Busy("there are as many names as the settings allow")
        with self._alone_with(token_hash, *skeletons(name)):
            similar = self._house.names.resembling(name)
            if similar is not None:
                raise NameTooSimilar(f"the name {name} looks like {similar}, which belongs to somebody else")
            return self._commit(name, names.Claim(name, token_hash))

    def keep(self, token_hash: str, code_hash: str) -> Mapping[str, object]:
        """Let the name of that token stay its owner's, with this recovery code. Raises BadToken, InvalidArgument."""
        return self._commit(self.who(token_hash), names.Keep(token_hash, code_hash))

    def recover(self, name: str, code_hash: str, token_hash: str) -> Mapping[str, object]:
        """Give the name that has the code to this token. Raises WrongCode, InvalidArgument, Busy."""
        owned = self._house.names.name_with(token_hash)
        if owned is not None:
            self._check_same(owned, name)
        key = names.name_key(name)
        with self._lock:
            if self._guesses.too_many(key, self._clock()):
                raise Busy("too many wrong codes were tried for this name: try again in a few seconds")
        try:
            return self._commit(name, names.Recover(code_hash, token_hash))
        except WrongCode:
            with self._lock:
                self._guesses.wrong(key, self._clock())
            raise

    def release_unheard(self) -> None:
        """Let names go whose owners were not heard of for the grace time, a bounded number of them."""
        self._know_all()
        with self._lock:
            for name in self._house.stood_up() & self._heard.keys():
                self._hear(name)
        before = self._clock() - self._settings.name_grace_s
        with self._lock:
            due = _first_before(before, self._heard, RELEASED_AT_ONCE)
        seated = self._house.seated() if due else set()
        for name, heard_at in due:
            state = self._house.state_of(_stream(name))
            unheard_s = self._clock() - heard_at
            if names.may_be_released(
                state, seated=name in seated, unheard_s=unheard_s, grace_s=self._settings.name_grace_s
            ):
                self._release(state, heard_at)
            elif state.kept or state.name != name:
                self._forget(name, heard_at)
            else:
                with self._lock:
                    self._hear(name)

    # -- inside ---------------------------------------------------------------------------------------------------

    def _commit(self, name: str, command: names.Command) -> Mapping[str, object]:
        answer: Mapping[str, object] = now(self._committer.submit(_stream(name), command))
        with self._lock:
            self._hear(str(answer["name"]))
        return answer

    def _release(self, state: names.Name, heard_at: float) -> None:
        """Let a name go, unless its owner is heard of first; from here on its token waits until that is done."""
        with self._lock:
            if self._heard.get(state.name) != heard_at:
                return
            self._going.add(state.token_hash)
        try:
            now(self._committer.submit(_stream(state.name), names.Release()))
            logger.info("a name is free again", name=state.name)
        except Refusal as refusal:
            logger.debug("a name was not let go", name=state.name, why=refusal.message)
        finally:
            with self._lock:
                self._going.discard(state.token_hash)
        self._forget(state.name, heard_at)

    @contextmanager
    def _alone_with(self, *marks: str) -> Iterator[None]:
        """While inside, nobody else claims a name that looks like this one, nor another name with this token."""
        with self._lock:
            if not self._coming.isdisjoint(marks):
                raise NotReady("a name like this is being claimed at this moment: try again")
            self._coming.update(marks)
        try:
            yield
        finally:
            with self._lock:
                self._coming.difference_update(marks)

    def _know_all(self) -> None:
        """Names of earlier terms count as heard of when this one began: nobody is let go for a takeover."""
        if not self._knows_all:
            earlier = dict.fromkeys(self._house.names.held_names(), self._opened_at)
            with self._lock:
                self._heard = {**{name: at for name, at in earlier.items() if name not in self._heard}, **self._heard}
                self._knows_all = True

    def _hear(self, name: str) -> None:
        """The owner of a name was heard of. The lock is held."""
        self._heard.pop(name, None)
        self._heard[name] = self._clock()

    def _forget(self, name: str, heard_at: float) -> None:
        with self._lock:
            if self._heard.get(name) == heard_at:
                del self._heard[name]

    def _check_same(self, owned: str, name: str) -> None:
        if names.name_key(owned) != names.name_key(name):
            raise InvalidArgument("token belongs to another name: make a new one for every name")


def _stream(name: str) -> str:
    return name_stream(names.name_key(name))


def _first_before(before: float, heard: Mapping[str, float], most: int) -> list[tuple[str, float]]:
    """Those heard of before then, of which the first come first."""
    found: list[tuple[str, float]] = []
    for name, heard_at in heard.items():
        if heard_at >= before or len(found) == most:
            break
        found.append((name, heard_at))
    return found
