"""Every argument of every remote method, also of those between servers, is checked before the method is reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from game.errors import InvalidArgument
from server.communication.front_door import FrontDoor
from server.main.peer_api import MainPeerApi
from server.main.room_api import RoomApi
from server.process.base_api import ClientApi, PeerApi
from server.replication.replica_service import ReplicaService
from wire.arguments import remote, seconds, text, whole
from wire.errors import InternalError

CLASSES = (FrontDoor, RoomApi, ClientApi, PeerApi, MainPeerApi, ReplicaService)
FREE = {"move"}
"""What the rules of the game check, not the wire."""


class Alien:
    """A value of no type that any argument takes."""


def methods() -> Iterator[tuple[str, Callable[..., Any]]]:
    for kind in CLASSES:
        for name, method in vars(kind).items():
            if hasattr(method, "checks"):
                yield f"{kind.__name__}.{name}", method


def test_every_exposed_method_has_checks_for_exactly_its_arguments() -> None:
    for name, method in methods():
        names = method.__wrapped__.__code__.co_varnames[1 : method.__wrapped__.__code__.co_argcount]  # type: ignore[attr-defined]
        assert tuple(method.checks) == names, name  # type: ignore[attr-defined]


@pytest.mark.parametrize("method", [pytest.param(method, id=name) for name, method in methods()])
def test_each_argument_refuses_what_it_cannot_be_and_is_named(method: Callable[..., Any]) -> None:
    checks: dict[str, Any] = method.checks  # type: ignore[attr-defined]
    first = next(iter(checks), "")
    for argument, check in checks.items():
        if argument not in FREE:
            with pytest.raises(InvalidArgument, match=rf"^({first}|{argument}) "):
                method(None, **{argument: Alien()})
            for junk in (Alien(), float("nan"), {1: 2}, object, b"bytes", 1j):
                with pytest.raises(InvalidArgument):
                    check(junk)
    with pytest.raises(InvalidArgument, match="at most"):
        method(None, *[None] * (len(checks) + 1))


class Desk:
    """Something to call."""

    @remote(name=text(longest=5), count=whole(1, 3), wait_s=seconds(2.0))
    def ask(self, name: str, count: int, wait_s: float) -> tuple[str, int, float]:
        """Give back what came through."""
        if name == "break":
            raise ZeroDivisionError("/a/path and a secret")
        return name, count, wait_s


@pytest.mark.parametrize(
    ("given", "fields", "sentence"),
    [
        ((), {}, "name is missing"),
        (("a", 1), {}, "wait_s is missing"),
        (("toolong", 1, 1), {}, "name must be"),
        (("a", True, 1), {}, "count must be"),
        (("a", 0, 1), {}, "count must be"),
        (("a", 1 << 90, 1), {}, "count must be"),
        (("a", 1, float("inf")), {}, "wait_s must be"),
        (("a", 1, -1), {}, "wait_s must be"),
        (("\ud800", 1, 1), {}, "name must be"),
        (("a", 1, 1), {"name": "b"}, "given twice"),
    ],
)
def test_what_is_wrong_is_said(given: tuple[object, ...], fields: dict[str, object], sentence: str) -> None:
    with pytest.raises(InvalidArgument, match=sentence):
        Desk().ask(*given, **fields)


def test_arguments_come_by_position_or_name_and_unknown_names_are_ignored() -> None:
    assert Desk().ask("a", wait_s=1, count=2, newer="x") == ("a", 2, 1.0)  # type: ignore[call-arg]
    assert Desk().ask("a", 1, 99) == ("a", 1, 2.0)


def test_a_fault_of_ours_says_nothing_of_where_it_happened() -> None:
    with pytest.raises(InternalError) as caught:
        Desk().ask("break", 1, 1)
    assert "path" not in str(caught.value)
    assert caught.value.__cause__ is None
