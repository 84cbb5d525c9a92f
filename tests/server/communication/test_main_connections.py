"""Calls to the main server on behalf of clients: tried again at once over a broken connection, and never for long."""

from __future__ import annotations

from typing import Any

import pytest

from game.errors import NameTaken, TicTacToeError
from server.communication.main_connections import MainConnections
from wire.errors import Busy, DeadlineExceeded, NotReady, Unreachable


class Pool:
    """Stands where the connections are: fails with these errors, then answers."""

    def __init__(self, *errors: TicTacToeError) -> None:
        self._errors = list(errors)
        self.calls: list[tuple[Any, ...]] = []

    def call(self, method: str, *arguments: object, timeout_s: float) -> str:
        self.calls.append((method, *arguments, timeout_s))
        if self._errors:
            raise self._errors.pop(0)
        return "answer"


def call(pool: Pool) -> Any:
    return MainConnections(pool, 4.0).call("claim", ("ada", "hash"))  # type: ignore[arg-type]


def test_a_connection_older_than_a_takeover_is_no_failure() -> None:
    pool = Pool(Unreachable("it died"))
    assert call(pool) == "answer"
    assert pool.calls == [("claim", "ada", "hash", 4.0)] * 2


@pytest.mark.parametrize(
    ("errors", "calls"), [([Unreachable("gone"), Unreachable("gone")], 2), ([DeadlineExceeded("it hangs")], 1)]
)
def test_without_a_main_server_the_client_may_try_again(errors: list[TicTacToeError], calls: int) -> None:
    pool = Pool(*errors)
    with pytest.raises(NotReady):
        call(pool)
    assert len(pool.calls) == calls, "a main server that hangs is not called twice"


@pytest.mark.parametrize("error", [NameTaken("the name ada belongs to somebody else"), Busy("no connection is free")])
def test_what_the_main_server_refuses_is_refused(error: TicTacToeError) -> None:
    pool = Pool(error)
    with pytest.raises(type(error)):
        call(pool)
    assert len(pool.calls) == 1
