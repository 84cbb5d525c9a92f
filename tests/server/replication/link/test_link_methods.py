"""The checks of arguments on the link: the same as those of the remote methods, with the same sentences."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.errors import InvalidArgument, TicTacToeError
from server.log.entries import Entry, EpochStart, LogId, Snapshot, StreamCopy
from server.replication.link import methods
from server.replication.link.encoding import answer, read_answer, read_request, request
from server.replication.link.methods import METHODS, Methods
from server.replication.replica_service import ReplicaService
from server.replication.unopened_copy import UnopenedCopy
from wire.errors import NotReady

EVENT = '{"kind":"watched","by":"ada","request_id":"watch-ada"}'
ENTRY = Entry(2, 1, "room/aaaa", 1, EVENT)
SNAPSHOT = Snapshot(2, 1, "name/ada", 3, '{"version":3,"name":"ada","token_hash":"x"}')
COPY = StreamCopy("room/aaaa", None, (ENTRY,))
TERM = EpochStart(1, "a", 2)
GOOD: dict[str, tuple[Any, ...]] = {
    "check_machine": ("m",),
    "standing": (1, 2, "a"),
    "take_office": (1, "a"),
    "attach": (1, "a"),
    "append": (1, "a", LogId(0, 1), [SNAPSHOT], [ENTRY], [TERM]),
    "begin_copy": (1, "a", 5),
    "add_to_copy": (1, "a", 5, 0, [COPY, StreamCopy("name/ada", SNAPSHOT, ())]),
    "end_copy": (1, "a", 5, 1, LogId(1, 2), [TERM]),
    "copies": ("", 0, 100),
    "terms": (),
    "forgotten_at": (),
    "drop_after_gaps": (1, "a"),
    "damage": (1, "a"),
    "rows_of": (1, "a", "room/aaaa", [1, 2], True, 3),
    "mend": (1, "a", [COPY], False),
    "forget": (1, "a", ["room/aaaa"]),
}


class Recorder:
    """A service with the checks of ``ReplicaService``, which returns its arguments."""

    def __init__(self) -> None:
        for name in METHODS:
            setattr(self, name, _Returning(name))


class _Returning:
    """A bound remote method that returns its arguments in place of carrying them out."""

    def __init__(self, name: str) -> None:
        remote = getattr(ReplicaService, name)
        self.checks = remote.checks
        self._body = remote.__wrapped__
        self.__self__ = self

    def __call__(self, *given: object) -> Any:
        if len(given) != len(self.checks):
            raise InvalidArgument("arguments are missing")
        return tuple(check(value) for check, value in zip(self.checks.values(), given, strict=True))

    @property
    def __wrapped__(self) -> Any:
        return lambda _self, *given: given


SERVICE = Recorder()
TABLE = Methods(SERVICE)


def over_the_link(method: str, arguments: object) -> Any:
    number, name, raw = read_request(msgspec.msgpack.encode((1, method, arguments)))
    assert (number, name) == (1, method)
    return TABLE.carry_out(name, raw)


def test_every_method_of_the_link_is_one_of_the_replica() -> None:
    assert set(GOOD) == set(METHODS)


@pytest.mark.parametrize("method", METHODS)
def test_good_arguments_arrive_as_the_values_that_they_were(method: str) -> None:
    arrived = over_the_link(method, GOOD[method])
    assert arrived == getattr(SERVICE, method)(*GOOD[method])
    assert [type(value) for value in arrived] == [type(v) for v in getattr(SERVICE, method)(*GOOD[method])]
    if method == "append":
        assert [type(rows[0]) for rows in arrived[3:]] == [Snapshot, Entry, EpochStart]


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 64) - 1) | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=5,
)


def outcome(call: Any) -> object:
    try:
        return call()
    except TicTacToeError as error:
        return type(error), error.message


@given(st.data())
def test_g8_wrong_arguments_are_refused_as_the_remote_method_refuses_them(data: st.DataObject) -> None:
    method = data.draw(st.sampled_from(METHODS))
    arguments = msgspec.to_builtins(GOOD[method])
    place, value = data.draw(st.integers(0, 40)), data.draw(PLAIN)
    changed = replaced(arguments, place, value)
    plain = msgspec.msgpack.decode(msgspec.msgpack.encode(changed))
    direct = outcome(lambda: getattr(SERVICE, method)(*plain))
    assert outcome(lambda: over_the_link(method, changed)) == direct


def replaced(value: Any, place: int, by: object) -> Any:
    """Return nested lists with the ``place``-th part replaced, counted in order."""
    left = place

    def visit(part: Any, *, is_top: bool = False) -> Any:
        nonlocal left
        if not is_top:
            left -= 1
            if left == -1:
                return by
        return [visit(inner) for inner in part] if isinstance(part, (list, tuple)) else part

    return visit(value, is_top=True)


@given(PLAIN)
def test_g8_anything_in_place_of_arguments_is_refused(arguments: object) -> None:
    try:
        over_the_link("attach", arguments)
    except InvalidArgument:
        return
    assert isinstance(arguments, list)


@pytest.mark.parametrize("raw", [b"", b"\x91", b"\xc1", b"\x92\xa1\xff\x01", b"\x91" * 5000 + b"\xc0", b"\x81\x90\x01"])
def test_g8_arguments_that_are_no_msgpack_are_refused(raw: bytes) -> None:
    with pytest.raises(InvalidArgument):
        TABLE.carry_out("attach", msgspec.Raw(raw))


@given(st.binary(max_size=40))
def test_g8_bytes_that_are_no_message_break_the_connection(message: bytes) -> None:
    for read in (read_request, read_answer):
        try:
            read(message)
        except ConnectionAbortedError:
            continue


@given(PLAIN)
def test_g8_a_value_that_is_no_message_breaks_the_connection(value: object) -> None:
    message = msgspec.msgpack.encode(value)
    for read in (read_request, read_answer):
        try:
            read(message)
        except ConnectionAbortedError:
            continue
        assert isinstance(value, list)


def test_answers_and_errors_arrive_as_they_were() -> None:
    assert read_answer(answer(5, LogId(1, 2), None)) == (5, [1, 2], None)
    number, value, error = read_answer(answer(7, None, NotReady("not yet: \ud800")))
    assert (number, value) == (7, None)
    assert type(error) is NotReady
    assert error.message == "not yet: ?"
    assert read_request(request(3, "terms", []))[:2] == (3, "terms")


def test_what_a_copy_that_is_not_open_lacks_is_not_ready() -> None:
    process: Any = None
    table = Methods(UnopenedCopy(process, methods_retries()))
    for method in METHODS:
        if method != "check_machine":
            with pytest.raises(NotReady):
                table.carry_out(method, msgspec.Raw(msgspec.msgpack.encode(msgspec.to_builtins(GOOD[method]))))
    with pytest.raises(InvalidArgument):
        table.carry_out("stop", msgspec.Raw(b"\x90"))
    assert "stop" not in methods.METHODS


def methods_retries() -> Any:
    from server.runtime.retries import Retries

    return Retries("journal not opened")
