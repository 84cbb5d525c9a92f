"""The replica's remote methods while the disk does not allow its journal to be opened."""

from __future__ import annotations

from server.log.entries import FARTHEST
from server.process.base_api import PeerApi
from server.process.server_process import ServerProcess
from server.runtime.effects import Effects, no_effects
from server.runtime.retries import Retries
from wire.arguments import remote, text, whole
from wire.errors import NotReady


class UnopenedCopy(PeerApi):
    """Answers in place of ``ReplicaService``. The link refuses its other methods."""

    def __init__(self, process: ServerProcess, opening: Retries) -> None:
        """``opening`` has the reason."""
        super().__init__(process)
        self._opening = opening

    def probe(self) -> Effects[bool]:
        """Return False: this server does not serve yet."""
        yield from no_effects()
        return False

    @remote(epoch=whole(0, FARTHEST), position=whole(0, FARTHEST), holder=text(longest=64))
    def standing(self, epoch: int, position: int, holder: str) -> None:  # noqa: ARG002  # as ReplicaService
        """Raises NotReady: the content of the copy is not known."""
        raise self._not_ready()

    @remote(epoch=whole(0, FARTHEST), holder=text(longest=64, shortest=1))
    def attach(self, epoch: int, holder: str) -> None:  # noqa: ARG002  # as ReplicaService
        """Raises NotReady."""
        raise self._not_ready()

    def _not_ready(self) -> NotReady:
        trouble = self._opening.trouble
        return NotReady("the copy is not open yet" if trouble is None else trouble.why)
