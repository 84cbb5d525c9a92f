"""Callers of several hosts on one machine: loopback has more than one address, at least on Linux."""

from __future__ import annotations

import functools
import itertools
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from unittest import mock

import pytest

from wire.rpc import proxy


def _missing() -> str:
    """Why there is only one, or ""."""
    try:
        socket.create_server(("127.0.0.2", 0)).close()
    except OSError as error:
        return f"there is no loopback address 127.0.0.2: {error.strerror}"
    return ""


several_hosts = pytest.mark.skipif(_missing() != "", reason=_missing() or "there are")
_numbers = itertools.count(10)


def new_host() -> str:
    """A host from which nobody has called in this process."""
    return f"127.0.0.{next(_numbers)}"


@contextmanager
def calling_from(host: str) -> Iterator[None]:
    """New connections of this process come from there."""
    create = functools.partial(socket.create_connection, source_address=(host, 0))
    with mock.patch.object(proxy, "socket", SimpleNamespace(**{**vars(socket), "create_connection": create})):
        yield
