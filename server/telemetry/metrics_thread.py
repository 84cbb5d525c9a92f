"""The thread in which a server tells its metrics: it opens the port once there is time, and never ends anything.

Whatever goes wrong here, the server serves on: the log says what, and it is tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import structlog

from server.telemetry.metrics import Reading
from server.telemetry.metrics_http import MetricsServer
from wire.rpc import Address

FIRST_S = 1.0
"""How long after its start a server opens the port: in a takeover those who play come first."""
AGAIN_S = 5.0

logger = structlog.get_logger()

Source = Callable[[], Iterable[Reading]]


class MetricsThread:
    """Tells what its sources say."""

    def __init__(self, bind: Address) -> None:
        self._bind = bind
        self._sources: list[Source] = []

    def include(self, source: Source) -> None:
        """From now on tell this, too; it is called in another thread, whenever somebody asks."""
        self._sources.append(source)

    def run(self, go_on: Callable[[], bool], pause: Callable[[float], object]) -> None:
        """Tell until ``go_on()`` is false."""
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
        from server.telemetry.exposition import CONTENT_TYPE, Exposition  # see there

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
