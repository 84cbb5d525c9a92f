"""The thread that serves a server's metrics. It opens the port once there is time, and it never ends the server.

After an error here the server continues: the error is logged, and the thread tries again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import structlog

from server.telemetry.metrics import Reading
from server.telemetry.metrics_http import MetricsServer
from wire.rpc import Address

FIRST_S = 1.0
"""Seconds between a server's start and the opening of the port: in a takeover the players have priority."""
AGAIN_S = 5.0

logger = structlog.get_logger()

Source = Callable[[], Iterable[Reading]]


class MetricsThread:
    """Serves the metrics of its sources."""

    def __init__(self, bind: Address) -> None:
        self._bind = bind
        self._sources: list[Source] = []

    def include(self, source: Source) -> None:
        """Add a source. The metrics thread calls it each time it makes the text."""
        self._sources.append(source)

    def run(self, go_on: Callable[[], bool], pause: Callable[[float], object]) -> None:
        """Serve until ``go_on()`` is false."""
        if not self._bind.port:
            return
        pause(FIRST_S)
        said = ""
        while go_on():
            try:
                self._tell(go_on, pause)
            except OSError as error:
                why = f"cannot listen on {self._bind}: {error.strerror or error}"
                if why != said:
                    logger.warning("no metrics; trying again", why=why)
                said = why
                pause(AGAIN_S)
            except Exception:
                logger.exception("metrics cannot be told; trying again")
                pause(AGAIN_S)

    def _tell(self, go_on: Callable[[], bool], pause: Callable[[float], object]) -> None:
        from server.telemetry.exposition import CONTENT_TYPE, Exposition  # late import: see ``exposition``

        exposition = Exposition(self._read)
        port = MetricsServer(self._bind, lambda: (CONTENT_TYPE, exposition.text()))
        logger.info("metrics", at=f"http://{port.address}/metrics")
        try:
            port.serve(go_on, pause)
        finally:
            port.close()

    def _read(self) -> Iterable[Reading]:
        for source in self._sources:
            yield from source()
