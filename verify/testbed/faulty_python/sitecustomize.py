"""Makes faults in this process: a wrong wall clock, and connections that lead to proxies.

Python imports this file at its start if it is on the path (``clock_skew``, ``detours``).

The monotonic clock stays right, as it does when a person sets a machine's clock. The file in WRONG_CLOCK has offsets in
seconds. A process selects its offset by its pid, so the clocks of several processes differ. They jump when the file
changes.

The file in DETOURS has a line for each port, with the port of its proxy. A line for a Unix socket has the name at which
it is bound, and the file at which it is bound instead. Its proxy, at that file with ``.proxy``, gets the name.

This file imports no other module of the project, because every start of a process would pay for it.
"""

from __future__ import annotations

import os
import socket
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, SupportsIndex

_LOOK_AGAIN_S = 0.1
_right_time = time.time
_monotonic = time.monotonic


class _Offset:
    """The offset of this process, in seconds. It is read again every ``_LOOK_AGAIN_S`` seconds."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._value = 0.0
        self._read_at = float("-inf")

    def __call__(self) -> float:
        if _monotonic() - self._read_at > _LOOK_AGAIN_S:
            self._read_at = _monotonic()
            with open(self._file) as offsets:  # noqa: PTH123  # importing pathlib would double the cost of every start
                values = offsets.read().split()
            self._value = float(values[os.getpid() % len(values)])
        return self._value


def _make_wrong(offset: _Offset) -> None:
    right_localtime, right_gmtime, right_strftime = time.localtime, time.gmtime, time.strftime

    def wrong_time() -> float:
        return _right_time() + offset()

    def wrong_localtime(seconds: float | SupportsIndex | None = None) -> time.struct_time:
        return right_localtime(wrong_time() if seconds is None else seconds)

    def wrong_gmtime(seconds: float | SupportsIndex | None = None) -> time.struct_time:
        return right_gmtime(wrong_time() if seconds is None else seconds)

    def wrong_strftime(form: str, *moment: time.struct_time) -> str:
        return right_strftime(form, *(moment or (wrong_localtime(),)))

    time.time = wrong_time
    time.time_ns = lambda: int(wrong_time() * 1e9)
    time.localtime = wrong_localtime
    time.gmtime = wrong_gmtime
    time.strftime = wrong_strftime  # type: ignore[assignment]  # it passes on its callers' arguments


def _lead_to_proxies(file: str) -> None:
    connect, bind = socket.socket.connect, socket.socket.bind
    with open(file) as detours:  # noqa: PTH123  # see above
        proxies: dict[str, str] = dict(line.split() for line in detours)

    def detoured(sock: socket.socket, address: Any) -> None:
        if isinstance(address, tuple):
            port = str(address[1])
            address = (address[0], int(proxies.get(port, port)))
        connect(sock, address)

    def bound_elsewhere(sock: socket.socket, address: Any) -> None:
        elsewhere = proxies.get(address.rpartition("/")[2]) if isinstance(address, str) else None
        if elsewhere:
            os.symlink(f"{elsewhere}.proxy", address)  # noqa: PTH211  # see above
            if os.path.lexists(elsewhere):
                os.unlink(elsewhere)  # noqa: PTH108
        bind(sock, elsewhere or address)

    socket.socket.connect = detoured  # type: ignore[assignment,method-assign]
    socket.socket.bind = bound_elsewhere  # type: ignore[assignment,method-assign]


_file = os.environ.get("WRONG_CLOCK")
if _file:
    _make_wrong(_Offset(_file))
_file = os.environ.get("DETOURS")
if _file:
    _lead_to_proxies(_file)
