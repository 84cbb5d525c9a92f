"""The HTTP port for a server's metrics, in the text format of Prometheus.

Whatever fails here, the server goes on: the error is logged, and the port is opened again. Every host that can connect
may send requests. So everything is bounded: connections, bytes of a request, time, and how often the text is made.
prometheus-client makes the text. Its own server would keep a thread for each silent connection, without any limit.
The standard ``http.server`` limits neither connections nor the time of a request, and its import takes 13 to 20 ms of a
processor, which a server in a takeover does not have.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import structlog

from server.telemetry.counters import Distribution
from server.telemetry.metrics import Metric, Reading
from wire.addresses import Address, listen

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric as Family

FIRST_S = 1.0
"""Seconds between a server's start and the opening of the port: in a takeover the players have priority."""
RETRY_S = 5.0
PATH = b"/metrics"
MOST_CONNECTIONS = 32
"""Each has a thread of its own. The oldest is closed to admit another."""
LARGEST_REQUEST = 1 << 13
REQUEST_S = 5.0
"""Seconds from the connection until the caller has read the answer."""
FRESH_S = 0.2
"""Seconds. The maximum age of the text: it is not made more often, whatever the number of requests."""
ACCEPT_TIMEOUT_S = 0.25
PAUSE_S = 0.01
"""Seconds between two connections, and between two pieces of one caller's input: callers that never pause must not take
the players' time.
"""
_PIECE = 1 << 12
_ENDS = (b"\r\n\r\n", b"\n\n")

logger = structlog.get_logger()

Source = Callable[[], Iterable[Reading]]


class MetricsPort:
    """Serves the metrics of its sources."""

    def __init__(self, bind: Address) -> None:
        self._bind = bind
        self._sources: list[Source] = []

    def include(self, source: Source) -> None:
        """Add a source. It is called, in another thread, each time the text is made."""
        self._sources.append(source)

    def run(self, go_on: Callable[[], bool], pause: Callable[[float], object]) -> None:
        """Serve until ``go_on()`` is false."""
        if not self._bind.port:
            return
        logged = ""
        while go_on():
            try:
                with contextlib.closing(HttpPort(self._bind, self._text)) as port:
                    logger.info("metrics served", at=f"http://{port.address}/metrics")
                    port.serve(go_on, pause)
            except OSError as error:
                why = f"cannot listen on {self._bind}: {error.strerror or error}"
                if why != logged:
                    logger.warning("metrics port not opened", why=why)
                logged = why
                pause(RETRY_S)
            except Exception:
                logger.exception("metrics not read")
                pause(RETRY_S)

    def _text(self) -> bytes:
        return text_of(reading for source in self._sources for reading in source())


class HttpPort:
    """Answers requests for one text: one request for each connection."""

    def __init__(self, bind: Address, make_text: Callable[[], bytes]) -> None:
        """Raises OSError when the port is in use."""
        self._make_text = make_text
        self._listening = listen(bind, backlog=MOST_CONNECTIONS)
        self._listening.settimeout(ACCEPT_TIMEOUT_S)
        self._open: dict[socket.socket, None] = {}  # the oldest first; each is removed by its thread
        self._failed: Exception | None = None
        """Why the text could not be made."""
        self._lock = threading.Lock()
        """Guards the text and when it was made."""
        self._text = b""
        self._made_at = -math.inf

    @property
    def address(self) -> Address:
        """The address at which it listens."""
        host, port = self._listening.getsockname()[:2]
        return Address(str(host), int(port))

    def serve(self, go_on: Callable[[], bool], pause: Callable[[float], object]) -> None:
        """Serve until ``go_on()`` is false. Raises what ``make_text`` raises; then close it."""
        while go_on():
            with contextlib.suppress(OSError):  # nobody connects, or no descriptor is free: then they wait outside
                connection, _ = self._listening.accept()
                self._admit(connection)
            if self._failed is not None:
                raise self._failed
            pause(PAUSE_S)

    def close(self) -> None:
        """Stop listening, and close the open connections."""
        self._listening.close()
        for connection in list(self._open):
            _shut_down(connection)

    def _admit(self, connection: socket.socket) -> None:
        for oldest in list(self._open)[: 1 - MOST_CONNECTIONS]:
            _shut_down(oldest)
        self._open[connection] = None
        threading.Thread(target=self._serve_one, args=(connection,), name="metrics request", daemon=True).start()

    def _serve_one(self, connection: socket.socket) -> None:
        """Answer the request of one caller, and close the connection."""
        until = time.monotonic() + REQUEST_S
        try:
            request = b""
            while not any(end in request for end in _ENDS) and len(request) <= LARGEST_REQUEST:
                request += _receive(connection, until)
            connection.sendall(self._answer_to(request))
            connection.shutdown(socket.SHUT_WR)
            while True:  # a close before the caller has read the answer would break the connection
                _receive(connection, until)
        except OSError:
            return  # the caller is done, broke off, was too slow, or had to make room
        except Exception as error:
            self._failed = error
        finally:
            connection.close()
            del self._open[connection]

    def _answer_to(self, request: bytes) -> bytes:
        """Return the complete answer to a request. It contains nothing of the request."""
        if len(request) > LARGEST_REQUEST:
            return _response("431 Request Header Fields Too Large")
        words = request.split(b"\n", 1)[0].split()
        if len(words) != 3 or not words[2].startswith(b"HTTP/1."):  # noqa: PLR2004  # method, path, version
            return _response("400 Bad Request")
        if words[1].split(b"?", 1)[0] != PATH:
            return _response("404 Not Found")
        if words[0] not in (b"GET", b"HEAD"):
            return _response("405 Method Not Allowed", more="Allow: GET, HEAD\r\n")
        answer = _response("200 OK", self._fresh_text(), "text/plain; version=0.0.4; charset=utf-8")
        return answer.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if words[0] == b"HEAD" else answer

    def _fresh_text(self) -> bytes:
        with self._lock:
            now = time.monotonic()
            if now - self._made_at > FRESH_S:
                self._text, self._made_at = self._make_text(), now
            return self._text


def _receive(connection: socket.socket, until: float) -> bytes:
    """Return the next piece of a caller's input, and pause. Raises OSError at its end, and after ``until``."""
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    connection.settimeout(left)
    piece = connection.recv(_PIECE)
    if not piece:
        raise ConnectionError
    time.sleep(PAUSE_S)
    return piece


def _shut_down(connection: socket.socket) -> None:
    """End a connection that another thread uses. That thread closes it."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _response(status: str, text: bytes = b"", content_type: str = "text/plain; charset=utf-8", more: str = "") -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(text)}\r\n"
        f"{more}Connection: close\r\n\r\n"
    )
    return head.encode() + text


# -- the text ---------------------------------------------------------------------------------------------------------


class _Families(list["Family"]):
    """Families of metrics, as the library expects them."""

    def collect(self) -> list[Family]:
        return self


def text_of(readings: Iterable[Reading]) -> bytes:
    """Return these readings, and those of this process, in the text format 0.0.4."""
    # The import takes 20 ms of a processor, and a server in a takeover has none to spare.
    from prometheus_client import PROCESS_COLLECTOR, generate_latest
    from prometheus_client.metrics_core import Metric as Family

    families: dict[Metric, Family] = {}
    for metric, value, labels in readings:
        if (metric.kind == "histogram") != isinstance(value, Distribution):
            raise TypeError(f"{metric.name} has a value of another kind")
        if metric not in families:
            families[metric] = Family(metric.name.removesuffix("_total"), metric.meaning, metric.kind)
        named = dict(zip(metric.labels, labels, strict=True))
        for suffix, bound, number in _samples(value):
            families[metric].add_sample(metric.name + suffix, named | bound, number)
    return generate_latest(_Families([*families.values(), *PROCESS_COLLECTOR.collect()]))


def _samples(value: float | Distribution) -> Iterator[tuple[str, dict[str, str], float]]:
    """Yield the samples of a value: the suffix of the name, one more label, and the number."""
    if not isinstance(value, Distribution):
        yield "", {}, value
        return
    counts, total = list(value.counts), value.total
    bounds = [*map(repr, value.bounds), "+Inf"]
    for bound, up_to in zip(bounds, itertools.accumulate(counts), strict=True):
        yield "_bucket", {"le": bound}, up_to
    yield "_count", {}, sum(counts)
    yield "_sum", {}, total
