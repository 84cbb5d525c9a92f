"""The replica's copy of the log, and which messages may read or change it at present.

A message of a primary passes only if the replica obeys that primary, and while no other work is done on the copy. What
takes long is done apart from the event loop.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from server.log.entries import Epoch
from server.log.journal.compaction import Compactor
from server.log.journal.journal import Journal
from server.replication import replica
from server.runtime.effects import Blocking, Effects
from server.runtime.failpoints import Failpoints
from wire.arguments import carry_out
from wire.errors import NotReady

LONGEST_WORK_S = 30.0
"""Seconds. Work on the copy that takes longer counts as hanging."""

Result = TypeVar("Result")


class GuardedCopy:
    """A journal, which messages change only as ``replica`` allows."""

    def __init__(self, journal: Journal, compactor: Compactor, faults: Failpoints) -> None:
        self._journal = journal
        self.working_since: float | None = None
        """When the work apart from the loop began (monotonic seconds); None while there is none."""
        self._compactor = compactor
        self._faults = faults

    # -- which messages pass ----------------------------------------------------------------------------------------

    def obey(self, epoch: int, holder: str) -> Epoch:
        """Return the epoch of a message of the primary.

        Raises Fenced if the replica obeys another primary, and NotReady.
        """
        sender = self._sender(epoch, holder)
        replica.require(self._journal.epoch, sender)
        self.check_idle()
        return sender

    def attach(self, epoch: int, holder: str) -> None:
        """Obey a primary from now on, unless the replica does so already. Raises Fenced and NotReady."""
        sender = self._sender(epoch, holder)
        if sender != self._journal.epoch:
            self.promise(sender)
        self.check_idle()

    def promise(self, epoch: Epoch) -> None:
        """Write the promise to obey that epoch, then obey it. Raises Fenced and NotReady."""
        replica.check_promise(self._journal.epoch, epoch)
        self.check_idle()
        self._journal.store_epoch(epoch)

    def check_idle(self) -> None:
        """Raises NotReady while work is done apart from the loop."""
        if self.working_since is not None:
            raise NotReady("the copy is being changed or read as a whole")

    def check_progress(self) -> None:
        """Raises NotReady if work on the copy takes longer than ``LONGEST_WORK_S``."""
        if self.working_since is not None and time.monotonic() > self.working_since + LONGEST_WORK_S:
            raise NotReady(f"work on the copy takes longer than {LONGEST_WORK_S:g} s")

    def _sender(self, epoch: int, holder: str) -> Epoch:
        """Return the epoch of a message. With the failpoint ``no_epoch_check`` every epoch is obeyed."""
        return self._journal.epoch if self._faults.on("no_epoch_check") else Epoch(epoch, holder)

    # -- work apart from the loop -----------------------------------------------------------------------------------

    def read(self, work: Callable[[], Result]) -> Effects[Result]:
        """Do work on the journal apart from the loop. Other messages are refused meanwhile."""
        self.working_since = time.monotonic()
        try:
            result: Result = yield Blocking(lambda: carry_out(work, ()))
            return result
        finally:
            self.working_since = None

    def change(self, work: Callable[[], Result]) -> Effects[Result]:
        """Do work as ``read`` does, and pause the compactor: its snapshots of older rows could replace newer ones."""

        def change() -> Result:
            with self._compactor.paused:
                return work()

        return (yield from self.read(change))

    def replace(self, work: Callable[[], Result]) -> Effects[Result]:
        """Do work as ``change`` does, after which the copy may end anywhere."""
        result = yield from self.change(work)
        yield from self.read(self._compactor.recount)
        return result
