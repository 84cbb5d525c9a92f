"""Mutations in replication, epochs, takeovers and supervision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from server.log.entries import Entry, Epoch, LogEnd, LogId, Snapshot
from server.log.epoch_history import EpochHistory
from server.log.journal.guard_file import GuardFile
from server.log.journal.journal import Journal
from server.replication import replica, takeover_rules
from server.replication.primary import CatchUp, Primary, SyncState
from server.replication.replica_service import ReplicaService
from server.replication.replicator import Replicator
from server.replication.takeover_rules import BecomePrimary
from server.runtime.effects import Effects
from server.supervision.restart_rules import Action, Supervision
from simulator.cluster.servers.machine import Machine
from simulator.mutations.mutation import mutation, register, returning
from wire import MAIN

# -- entries and copies -----------------------------------------------------------------------------------------------


@mutation("ack-before-replicate", "an entry counts as committed before the replica has it", Primary, "appended")
def _commit_appended(self: Primary, entries: Sequence[Entry]) -> None:
    self.last = entries[-1].log_id
    self.committed = self.last.position


@mutation("stale-replica-in-step", "a replica that lacks entries counts as in sync", Primary, "attached")
def _attach_as_in_sync(self: Primary, _replica_end: LogEnd, **_: Any) -> None:
    self.sync_state = SyncState.IN_SYNC


@mutation(
    "forgotten-rooms-come-back",
    "a replica that was restored from before a deletion keeps the deleted streams",
    Primary,
    "attached",
)
def _attach_with_deleted_streams(
    self: Primary, end: LogEnd, original: Any = Primary.attached, **_: Any
) -> CatchUp | None:
    output: CatchUp | None = original(self, end)
    return output


@mutation("ack-before-writing", "the replica acknowledges entries that its journal lacks", ReplicaService, "append")
def _append_in_memory(
    self: ReplicaService, epoch: int, holder: str, previous: Any, snapshots: Any, entries: Any, _terms: Any
) -> LogEnd:
    replica.require(self._journal.epoch, Epoch(epoch, holder))
    rows = [Snapshot(*row) for row in snapshots], [Entry(*row) for row in entries]
    self._journal.last = replica.end_after(self._journal.last, LogId(*previous), *rows) or self._journal.last
    return LogEnd(*self._journal.last, holder)


@mutation(
    "backlog-skips-one", "a replica that catches up does not get the first entry that it lacks", Journal, "backlog"
)
def _backlog_but_first(self: Journal, after: LogId, upto: LogId, limit: int, original: Any = Journal.backlog) -> Any:
    return original(self, LogId(after.epoch, after.position + 1), upto, limit)


# -- epochs and takeovers ---------------------------------------------------------------------------------------------

register("no-epoch-check", "the replica obeys any main server", replica, "require", returning(None))
register(
    "an-old-journal-goes-on-alone",
    "a main server with an old journal becomes the primary without the replica",
    GuardFile,
    "allows_alone",
    returning(True),
)
register(
    "read-before-it-is-known",
    "a main server that cannot write serves reads from a journal that lacks what the replica has",
    takeover_rules,
    "may_be_read",
    returning(True),
)


@mutation(
    "do-not-ask-the-replica",
    "a main server becomes the primary on its own journal, whatever the replica has",
    takeover_rules,
    "decide",
)
def _decide_on_own_journal(
    own: takeover_rules.CandidateState, _terms: EpochHistory, replica: takeover_rules.CandidateState | None, **_: Any
) -> BecomePrimary:
    known = own.epoch.number if replica is None else max(own.epoch.number, replica.epoch.number)
    return BecomePrimary(known + 1)


@mutation("the-same-epoch-again", "a takeover does not raise the epoch", takeover_rules, "decide")
def _decide_with_same_epoch(
    own: Any, terms: Any, replica: Any, original: Any = takeover_rules.decide, **limits: Any
) -> Any:
    decision = original(own, terms, replica, **limits)
    if isinstance(decision, takeover_rules.Wait):
        return decision
    return replace(decision, epoch=max(1, decision.epoch - 1))


@mutation(
    "an-epoch-without-its-holder",
    "the same, and two histories with one epoch number count as one",
    EpochHistory,
    "contain",
    also=((GuardFile, "allows_alone", returning(True)),),
)
def _contain_by_number(self: EpochHistory, end: LogEnd, last: LogId, original: Any = EpochHistory.contain) -> bool:
    mine: bool = original(self, end._replace(holder=self.end_at(end.log_id).holder), last)
    return mine


@mutation("refused-is-committed", "a fenced main server acknowledges commands", Replicator, "replicate")
def _replicate_though_fenced(
    self: Replicator, entries: Sequence[Entry], original: Any = Replicator.replicate
) -> Effects[bool]:
    self._step_down = lambda _why: None
    yield from original(self, entries)
    return True


# -- supervision ------------------------------------------------------------------------------------------------------


@mutation("two-primaries", "a main server that does not answer is replaced, but not ended", Machine, "kill")
def _replace_without_ending(self: Machine, role: str) -> None:
    incarnation = self.simulation.incarnations.get(role)
    if role == MAIN and incarnation is not None and incarnation.alive:
        self.leave_old_main_running()
    else:
        self.simulation.crash(role)


@mutation("the-hung-are-not-ended", "a hung server is not ended", Supervision, "tick")
def _tick_without_ending(self: Supervision, now: float, original: Any = Supervision.tick) -> Action | None:
    action: Action | None = original(self, now)
    return None if action is Action.END else action
