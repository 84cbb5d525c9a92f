"""Find the front door of a cluster by its name servers, and explain why it is not found."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from client import address_check
from client.connection import ObjectAddress, OnLink, RetryingConnection, RetryPolicy
from client.retry import Attempts, is_retryable
from game.errors import NoSuchRoom
from wire import COMMUNICATION, rpc
from wire.addresses import Address
from wire.errors import DeadlineExceeded, TicTacToeError, Unreachable

LOOK_UP_S = 2.0


class FrontDoorFinder:
    """The front door of a cluster, wherever its communication server runs now. Safe for threads."""

    def __init__(self, name_servers: Sequence[Address], retry_policy: RetryPolicy) -> None:
        self.cluster_id = ""
        """The cluster's id. Empty until it is known, and always for servers of older versions."""
        self._name_servers = name_servers
        self._retry_policy = retry_policy
        # True after the first successful look-up. Later failures then count as temporary.
        self._was_found = False
        self._not_found: TicTacToeError | None = None
        """The error of the last look-up, while none has succeeded; otherwise None."""

    def connection(self, on_link: OnLink = lambda _: None) -> RetryingConnection:
        """Return a new connection. ``on_link`` is called when it begins to fail and when it works again."""
        return RetryingConnection(self._find, retry_policy=self._retry_policy, on_link=on_link)

    def describe(self, connection: RetryingConnection, deadline_s: float) -> Mapping[str, Any]:
        """Return the front door's description (see ``docs/protocol.md``). Raises as ``client.connect`` does."""
        try:
            return self._described(connection, Attempts(deadline_s, attempt_s=deadline_s))
        except Unreachable as error:
            if self._not_found is not None:
                raise DeadlineExceeded(f"{self._not_found.message} (tried for {deadline_s:g} s)") from None
            where = f"the name server at {self._name_servers[0]} has a cluster"
            raise DeadlineExceeded(f"{where}, and its communication server does not answer: {error.message}") from None

    def _described(self, connection: RetryingConnection, attempts: Attempts) -> Mapping[str, Any]:
        failure: TicTacToeError
        while True:
            try:
                answer: Mapping[str, Any] = connection.call("describe", deadline_s=attempts.timeout_s())
            except NoSuchRoom:  # for every object there: the front door is not open yet, or another program answers
                failure = Unreachable("another program answers at the address that the name server has for the cluster")
            except TicTacToeError as error:
                failure = error
            else:
                return answer
            time.sleep(attempts.pause_after(failure))

    def _find(self) -> ObjectAddress:
        failures: list[TicTacToeError] = []
        for name_server in self._name_servers:
            try:
                found = rpc.look_up(name_server, COMMUNICATION, timeout_s=LOOK_UP_S)
            except TicTacToeError as error:
                failures.append(error if self._was_found else address_check.explained(name_server, error))
            else:
                if self.cluster_id and found.cluster not in ("", self.cluster_id):
                    # The other cluster does not have this client's usernames and rooms.
                    failures.append(Unreachable(f"{name_server} leads to another cluster now: {found.cluster}"))
                    continue
                self._was_found, self._not_found = True, None
                return ObjectAddress(found.address, COMMUNICATION)
        retryable = [failure for failure in failures if is_retryable(failure)]
        failure = (retryable or failures)[-1]
        if self._was_found and not retryable:
            raise Unreachable(failure.message)  # found before: what answers there now may be temporary
        self._not_found = failure
        raise failure
