"""The HTTP port for a server's metrics: one path, one thread, and never a wait for a caller.

Every host that can connect may send requests. So everything is bounded: connections, bytes of a request, time, and how
often the text is made. The library's own server would keep a thread for each silent connection.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import time
from collections.abc import Callable

from wire.addresses import counted_host, listen
from wire.connection_limits import ConnectionLimits, ConnectionSlot
from wire.rpc import Address

PATH = "/metrics"
MOST_CONNECTIONS = 32
LARGEST_REQUEST = 1 << 13
REQUEST_S = 5.0
"""Seconds from the connection until the caller has read the answer."""
FRESH_S = 0.2
"""Seconds. The maximum age of the text: it is not made more often, whatever the number of requests."""
LOOK_S = 0.25
PAUSE_S = 0.01
"""Seconds between two checks for input: a caller that never pauses must not take the players' time."""
_PIECE = 1 << 12
_ENDS = (b"\r\n\r\n", b"\n\n")

Render = Callable[[], tuple[str, bytes]]
"""Returns the content type and the text of the metrics."""


class _Caller:
    """One connection: the bytes received, and the bytes still to send."""

    __slots__ = ("answered", "asked", "guest", "unsent")

    def __init__(self, guest: ConnectionSlot) -> None:
        self.guest = guest
        self.asked = b""
        # Bytes of the answer that are not sent yet; not empty only if ``answered``.
        self.unsent = b""
        self.answered = False


class MetricsServer:
    """Serves the metrics to every caller. Only one thread may use it."""

    def __init__(self, bind: Address, render: Render) -> None:
        """Raises OSError when the port is in use."""
        self._render = render
        self._door = ConnectionLimits(most=MOST_CONNECTIONS, most_of_host=MOST_CONNECTIONS)
        self._listening = listen(bind, backlog=MOST_CONNECTIONS)
        self._listening.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listening, selectors.EVENT_READ)
        # Exactly the registered sockets, without ``_listening``.
        self._callers: dict[socket.socket, _Caller] = {}
        # The answer as of ``_made_at``.
        self._made = b""
        self._made_at: float | None = None

    @property
    def address(self) -> Address:
        """The address at which it listens."""
        host, port = self._listening.getsockname()[:2]
        return Address(str(host), int(port))

    def serve(self, go_on: Callable[[], bool], pause: Callable[[float], object]) -> None:
        """Serve until ``go_on()`` is false. Raises what ``render`` raises; then close it."""
        while go_on():
            for key, _ in self._selector.select(LOOK_S):
                caller = self._callers.get(key.fileobj)  # type: ignore[call-overload]  # only sockets are registered
                if caller is None:
                    self._let_in()
                else:
                    self._go_on_with(caller)
            self._drop_the_late(time.monotonic() - REQUEST_S)
            pause(PAUSE_S)

    def close(self) -> None:
        """Stop listening, and close the open connections."""
        for caller in list(self._callers.values()):
            self._drop(caller)
        self._selector.close()
        self._listening.close()

    # -- connections ----------------------------------------------------------------------------------------------

    def _let_in(self) -> None:
        """Accept waiting connections while there is room. The oldest connection is closed to make room."""
        now = time.monotonic()
        while self._door.is_open(now):
            try:
                sock, address = self._listening.accept()
            except OSError:
                return  # no connection waits, or no file descriptor is free: then they wait outside
            guest, goes = self._door.enter(sock, counted_host(str(address[0])), now)
            if goes is not None:
                self._drop(self._callers[goes.connection])
            if guest is None:
                sock.close()
                continue
            sock.setblocking(False)
            self._callers[sock] = _Caller(guest)
            self._selector.register(sock, selectors.EVENT_READ)

    def _go_on_with(self, caller: _Caller) -> None:
        """Read what has arrived, or send what can be sent."""
        try:
            if caller.unsent:
                self._send(caller)
            elif not self._read(caller):
                self._drop(caller)
        except BlockingIOError:
            return
        except OSError:
            self._drop(caller)

    def _read(self, caller: _Caller) -> bool:
        """Read from the caller; return whether it is still connected.

        After the answer, further input is read and ignored. An earlier close would break the connection before the
        caller has read the answer.
        """
        sock = caller.guest.connection
        data = sock.recv(_PIECE)
        if caller.answered:
            return bool(data)
        caller.asked += data
        too_large = len(caller.asked) > LARGEST_REQUEST
        complete = not too_large and any(end in caller.asked for end in _ENDS)
        if complete or too_large:
            caller.answered, caller.unsent = True, self._answer_to(caller.asked, complete)
            caller.asked = b""
            self._selector.modify(sock, selectors.EVENT_WRITE)
        return bool(data)

    def _send(self, caller: _Caller) -> None:
        sock = caller.guest.connection
        caller.unsent = caller.unsent[sock.send(caller.unsent) :]
        if not caller.unsent:
            sock.shutdown(socket.SHUT_WR)
            self._selector.modify(sock, selectors.EVENT_READ)

    def _drop(self, caller: _Caller) -> None:
        sock = caller.guest.connection
        self._callers.pop(sock, None)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(sock)
        self._door.left(caller.guest)
        sock.close()

    def _drop_the_late(self, before: float) -> None:
        for caller in [caller for caller in self._callers.values() if caller.guest.since < before]:
            self._drop(caller)

    # -- answers --------------------------------------------------------------------------------------------------

    def _answer_to(self, request: bytes, complete: bool) -> bytes:
        """Return the complete answer to a request. It contains nothing of the request."""
        if not complete:
            return _written("431 Request Header Fields Too Large")
        words = request.split(b"\n", 1)[0].split()
        if len(words) != 3 or not words[2].startswith(b"HTTP/1."):  # noqa: PLR2004  # method, path, version
            return _written("400 Bad Request")
        if words[1].split(b"?", 1)[0] != PATH.encode():
            return _written("404 Not Found")
        if words[0] not in (b"GET", b"HEAD"):
            return _written("405 Method Not Allowed", more="Allow: GET, HEAD\r\n")
        answer = self._metrics()
        return answer.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if words[0] == b"HEAD" else answer

    def _metrics(self) -> bytes:
        now = time.monotonic()
        if self._made_at is None or now - self._made_at > FRESH_S:
            content_type, text = self._render()
            self._made = _written("200 OK", text, content_type)
            self._made_at = now
        return self._made


def _written(status: str, text: bytes = b"", content_type: str = "text/plain; charset=utf-8", more: str = "") -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(text)}\r\n"
        f"{more}Connection: close\r\n\r\n"
    )
    return head.encode() + text
