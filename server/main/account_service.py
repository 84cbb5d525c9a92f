"""Claims, reserves, recovers and releases usernames, and identifies callers by their token.

``game.accounts.names`` decides, during the commit, who owns a name. It has one name only. So this module checks what
needs more: when an owner was last active, who has a seat in an open room, and which names are lookalikes. ``quotas``
has the limits for each host.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import structlog

from game.accounts import names
from game.accounts.lookalikes import passes_for, skeletons
from game.accounts.new_names import check_new_name
from game.errors import BadToken, InvalidArgument, NameTaken, NameTooSimilar, Refusal, WrongCode
from game.rooms.drain_rules import check_not_draining
from server.log.name_stream import name_stream
from server.main.attempt_limiter import AttemptLimiter
from server.main.last_active import LastActive
from server.main.quotas import Quotas
from server.rooms.ids import HOUSE_BOT
from server.rooms.room_store import RoomStore
from server.runtime.effects import Effects, Sleep, Submit
from server.settings import Settings
from wire.errors import Busy, NotReady

RELEASED_AT_ONCE = 200
"""The most names that one call of ``release_expired`` examines."""
EVER = 10
"""The log keeps at most ``max_names`` times this number of names, free names included. Each name has a stream, also
after its release.
"""
WRONG_CODES_AT_ONCE = 10
"""Wrong recovery codes that one host may try for one name without a pause."""
WRONG_CODE_AGAIN_S = 2.0
"""Seconds until one more wrong code is allowed. This limits the work only: a code has 100 random bits, so nobody
guesses it.
"""

logger = structlog.get_logger()


class AccountService:
    """The usernames and their owners."""

    def __init__(
        self,
        store: RoomStore,
        settings: Settings,
        clock: Callable[[], float] = time.monotonic,
        *,
        house_bot: str = "",
    ) -> None:
        """``house_bot``: the hash of the house bot's token."""
        self._house_bot = house_bot
        self._store = store
        self._settings = settings
        self._clock = clock
        self.quotas = Quotas(store, settings, clock)
        self._opened_at = clock()
        self._active: LastActive[str] = LastActive()  # names by the activity of their owners
        self._being_released: set[str] = set()  # token hashes of names that are being released
        self._being_claimed: set[str] = set()  # skeletons and token hashes of claims under way
        self._wrong_codes = AttemptLimiter(at_once=WRONG_CODES_AT_ONCE, again_s=WRONG_CODE_AGAIN_S)
        self._has_all_names = False  # whether ``_active`` has the names of earlier terms

    def identify(self, token_hash: str) -> str:
        """Return the username of a token, and record its owner as active now. Raises BadToken, NotReady."""
        if token_hash in self._being_released:
            raise NotReady("this name is being released: try again")
        name = self._store.names.name_with(token_hash)
        if name is not None:
            self._active.touch(name, self._clock())
            return name
        raise BadToken("this token has no name: claim one with it first")

    def claim(self, name: str, token_hash: str, host: str = "") -> Effects[Mapping[str, object]]:
        """Give the username to this token, or confirm that the token has it.

        ``host``: the owner's host; empty if it has none. Raises NameTaken, NameTooSimilar, NotReady, InvalidArgument
        and Busy. For a new name it also raises Draining and LimitReached.
        """
        owned = self._store.names.name_with(token_hash)
        if owned is not None:  # not checked as a new name: names older than these rules stay valid
            self._check_same(owned, name)
            self.identify(token_hash)
            self.quotas.record_host(owned, host)
            return (yield from self._commit(name, names.Claim(name, token_hash)))
        if token_hash != self._house_bot and passes_for(name, HOUSE_BOT):
            raise NameTaken("that is the house bot's name, or a lookalike of it")
        name = check_new_name(name)
        check_not_draining(self._store.service.draining, "names")
        with self._exclusive(token_hash, *skeletons(name)):
            while self._store.names.compute_some():
                yield Sleep(0.0)  # there may be very many names after a takeover
            self._check_total(name)
            similar = self._store.names.lookalike_of(name)
            if similar is not None:
                raise NameTooSimilar(f"the name {name} looks like {similar}, which belongs to somebody else")
            with self.quotas.new_name(name, host):
                return (yield from self._commit(name, names.Claim(name, token_hash)))

    def reserve(self, token_hash: str, code_hash: str, host: str = "") -> Effects[Mapping[str, object]]:
        """Make the name of that token a reserved name with this recovery code.

        Raises BadToken, InvalidArgument, Busy, LimitReached.
        """
        name = self.identify(token_hash)
        self.quotas.record_host(name, host)
        if not self._store.state_of(name_stream(name)).is_reserved:
            if self._store.names.kept >= self._settings.max_kept_names:
                raise Busy("the servers have their most names with a recovery code (MAX_KEPT_NAMES)")
            self.quotas.check_reserve(host)
        return (yield from self._commit(name, names.Reserve(token_hash, code_hash)))

    def recover(self, name: str, code_hash: str, token_hash: str, host: str = "") -> Effects[Mapping[str, object]]:
        """Give the reserved name that has the code to this token. Raises WrongCode, InvalidArgument, Busy.

        Busy is only for wrong codes, and only for the host that tried them. The right code always works.
        """
        owned = self._store.names.name_with(token_hash)
        if owned is not None:
            self._check_same(owned, name)
        guess = host, names.name_key(name)
        state = self._store.state_of(name_stream(name))
        is_right = state.is_reserved and state.code_hash == code_hash
        if not is_right and self._wrong_codes.is_exhausted(guess, self._clock()):
            raise Busy("too many wrong codes were tried for this name: try again in a few seconds")
        try:
            answer = yield from self._commit(name, names.Recover(code_hash, token_hash))
        except WrongCode:
            self._wrong_codes.record(guess, self._clock())
            raise
        self.quotas.record_host(str(answer["name"]), host)
        return answer

    def release_expired(self) -> Effects[None]:
        """Release names of owners inactive for the grace time, a bounded number per call."""
        self._load_names()
        for name in self._store.index.take_released():
            if name in self._active:
                self._active.touch(name, self._clock())
        due = self._active.before(self._clock() - self._settings.name_grace_s, RELEASED_AT_ONCE)
        seated = self._store.index.seated() if due else set()
        for name, active_at in due:
            state = self._store.state_of(name_stream(name))
            inactive_s = self._clock() - active_at
            if names.may_be_released(
                state, seated=name in seated, inactive_s=inactive_s, grace_s=self._settings.name_grace_s
            ):
                yield from self._release(state, active_at)
            elif state.is_reserved or state.name != name:
                self._active.forget(name, active_at)
            else:
                self._active.touch(name, self._clock())

    # -- inside ---------------------------------------------------------------------------------------------------

    def _commit(self, name: str, command: names.Command) -> Effects[Mapping[str, object]]:
        answer: Mapping[str, object] = yield Submit(name_stream(name), command)
        self._active.touch(str(answer["name"]), self._clock())
        return answer

    def _release(self, state: names.Name, active_at: float) -> Effects[None]:
        """Release a name, unless its owner becomes active first.

        Until the release is done, ``identify`` raises NotReady for its token.
        """
        if self._active.at(state.name) != active_at:
            return
        self._being_released.add(state.token_hash)
        try:
            yield Submit(name_stream(state.name), names.Release())
            logger.info("name released", name=state.name)
        except Refusal as refusal:
            logger.debug("name not released", name=state.name, why=refusal.message)
        finally:
            self._being_released.discard(state.token_hash)
            self.quotas.forget_if_free(state.name)
        self._active.forget(state.name, active_at)

    @contextmanager
    def _exclusive(self, *keys: str) -> Iterator[None]:
        """Exclude parallel claims of a lookalike name or with the same token. Raises NotReady.

        ``keys``: the skeletons of the name, and the token's hash.
        """
        if not self._being_claimed.isdisjoint(keys):
            raise NotReady("this name or a lookalike is being claimed: try again")
        self._being_claimed.update(keys)
        try:
            yield
        finally:
            self._being_claimed.difference_update(keys)

    def _check_total(self, name: str) -> None:
        """Raise Busy if the cluster may have no further name. Names that are being claimed count, too."""
        under_way, most = self.quotas.names_under_way, self._settings.max_names
        known = self._store.state_of(name_stream(name)).version > 0
        too_many_ever = not known and len(self._store.names) + under_way >= most * EVER
        if too_many_ever or self._store.names.held + under_way >= most:
            raise Busy("the servers have their most names (MAX_NAMES)")

    def _load_names(self) -> None:
        """Treat the owners of earlier terms as active when this term began.

        Otherwise a takeover could release their names.
        """
        if not self._has_all_names:
            earlier = self._store.names.held_names()
            self._active.add_older(earlier, self._opened_at)
            self._has_all_names = True

    def _check_same(self, owned: str, name: str) -> None:
        if names.name_key(owned) != names.name_key(name):
            raise InvalidArgument("token belongs to another name: make a new one for every name")
