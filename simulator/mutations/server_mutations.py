"""Mutations in the servers' state machines. The simulator must find each; otherwise a clean run would prove nothing.

Those of matches and time are in ``match_mutations``, those of damage in ``damage_mutations``. ``docs/simulation.md``
lists the check that finds each, and after how many schedules.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from msgspec import structs

from game.accounts import name_events, names
from game.forms import snapshot_codec
from game.forms.snapshot_codec import encode
from game.rooms import state as room_module
from game.rooms.state import Room
from server.commit.commit import Commit, Submission
from server.commit.refusing_committer import RefusingCommitter
from server.log.batch import Batch
from server.log.entries import Entry, Epoch, EpochHistory, LogEnd, LogId, Snapshot
from server.log.journal.compaction import Compactor
from server.log.journal.guard_file import GuardFile
from server.log.journal.journal import Journal
from server.log.room_stream import room_of
from server.replication import takeover_rules
from server.replication.primary import Output, Primary, SyncState
from server.replication.replica import Replica
from server.replication.replica_service import ReplicaService
from server.replication.replicator import Replicator
from server.replication.takeover_rules import BecomePrimary
from server.rooms.event_feed import EventFeed
from server.runtime.effects import Effects
from server.supervision.restart_rules import Action, Supervision
from simulator.cluster.servers.machine import Machine
from simulator.mutations import damage_mutations as _damage  # noqa: F401  # imported, its mutations are in MUTATIONS
from simulator.mutations import match_mutations as _matches  # noqa: F401
from simulator.mutations.mutation import MUTATIONS, mutation
from wire import MAIN
from wire.errors import StorageFailed

__all__ = ["MUTATIONS"]


@mutation("ack-before-replicate", "an entry counts as committed before the replica has it", Primary, "appended")
def _appended(self: Primary, entries: Sequence[Entry]) -> Output:
    self.last = entries[-1].log_id
    return self._commit(self.last)


@mutation("publish-before-commit", "events are visible before they are in the log", Commit, "run")
def _run(self: Commit, submissions: Sequence[Submission]) -> Effects[None]:
    batch = Batch(self._context())
    for submission in submissions:
        self._apply(submission, batch)
    if batch.entries:
        self._states.publish(batch)
        yield from self._write(batch)


@mutation("forget-request-ids", "a retry is applied again", room_module, "answer_to")
def _answer_to(_room: Room, _by: str, _request_id: str) -> None:
    return None


@mutation("snapshot-forgets-requests", "a snapshot lacks the requests that were answered", snapshot_codec, "encode")
def _encode(room: Room, _encode: Callable[[Room], dict[str, object]] = encode) -> dict[str, object]:
    return {**_encode(room), "requests": {}}


@mutation("no-epoch-check", "the replica obeys any main server", Replica, "require")
def _require(_self: Replica, _epoch: Epoch) -> None:
    return None


@mutation("stale-replica-in-step", "a replica that lacks entries counts as in sync", Primary, "attached")
def _attached(self: Primary, _replica_end: LogEnd) -> Output | None:
    self.sync_state = SyncState.IN_SYNC
    return None


@mutation(
    "do-not-ask-the-replica",
    "a main server becomes the primary on its own journal, whatever the replica has",
    takeover_rules,
    "decide",
)
def _decide(
    own: takeover_rules.CandidateState, _terms: EpochHistory, replica: takeover_rules.CandidateState | None, **_: Any
) -> BecomePrimary:
    known = own.epoch.number if replica is None else max(own.epoch.number, replica.epoch.number)
    return BecomePrimary(known + 1)


@mutation("two-primaries", "a main server that does not answer is replaced, but not ended", Machine, "kill")
def _kill(self: Machine, role: str) -> None:
    incarnation = self.simulation.incarnations.get(role)
    if role == MAIN and incarnation is not None and incarnation.alive:
        self.set_main_adrift()
    else:
        self.simulation.crash(role)


@mutation("snapshot-one-event-too-far", "a snapshot claims one event more than it has", Compactor, "_snapshot")
def _snapshot(self: Compactor, stream: str, original: Any = Compactor._snapshot) -> Snapshot | None:
    snapshot: Snapshot | None = original(self, stream)
    return None if snapshot is None else snapshot._replace(version=snapshot.version + 1)


def _allows_alone(_self: GuardFile, _last: LogId) -> bool:
    return True


mutation(
    "an-old-journal-goes-on-alone",
    "a main server with an old journal becomes the primary without the replica",
    GuardFile,
    "allows_alone",
)(_allows_alone)


@mutation(
    "an-epoch-without-its-holder",
    "the same, and two histories with one epoch number count as one",
    EpochHistory,
    "contain",
    also=((GuardFile, "allows_alone", _allows_alone),),
)
def _contain_by_number(self: EpochHistory, end: LogEnd, last: LogId, original: Any = EpochHistory.contain) -> bool:
    mine: bool = original(self, end._replace(holder=self.end_at(end.log_id).holder), last)
    return mine


@mutation("ack-before-writing", "the replica acknowledges entries that its journal lacks", ReplicaService, "append")
def _append(
    self: ReplicaService, epoch: int, holder: str, previous: Any, snapshots: Any, entries: Any, _terms: Any
) -> LogEnd:
    output = self._replica.receive(
        Epoch(epoch, holder),
        LogId(*previous),
        [Snapshot(*row) for row in snapshots],
        [Entry(*row) for row in entries],
    )
    self._replica.appended(output.last)
    return LogEnd(*output.last, holder)


@mutation(
    "backlog-skips-one", "a replica that catches up does not get the first entry that it lacks", Journal, "backlog"
)
def _backlog(self: Journal, after: LogId, upto: LogId, limit: int, original: Any = Journal.backlog) -> Any:
    return original(self, LogId(after.epoch, after.position + 1), upto, limit)


@mutation("half-a-command", "the events of one batch are not written together", Journal, "append")
def _append_one_by_one(self: Journal, entries: Sequence[Entry], original: Any = Journal.append) -> None:
    for entry in entries:
        original(self, [entry])


@mutation("refused-is-committed", "a fenced main server acknowledges commands", Replicator, "replicate")
def _replicate(self: Replicator, entries: Sequence[Entry], original: Any = Replicator.replicate) -> Effects[bool]:
    self._step_down = lambda _why: None
    yield from original(self, entries)
    return True


@mutation(
    "news-with-holes",
    "a long poll gets the latest events only, and none of those before",
    EventFeed,
    "_older",
)
def _older(_self: EventFeed, _room: str, _after_version: int, _version: int) -> list[dict[str, Any]]:
    return []


@mutation("the-hung-are-not-ended", "a hung server is not ended", Supervision, "tick")
def _tick(self: Supervision, now: float, original: Any = Supervision.tick) -> Action | None:
    action: Action | None = original(self, now)
    return None if action is Action.END else action


@mutation("the-same-epoch-again", "a takeover does not raise the epoch", takeover_rules, "decide")
def _decide_same(own: Any, terms: Any, replica: Any, original: Any = takeover_rules.decide, **limits: Any) -> Any:
    decision = original(own, terms, replica, **limits)
    return (
        decision if isinstance(decision, takeover_rules.Wait) else replace(decision, epoch=max(1, decision.epoch - 1))
    )


@mutation("anybody-is-the-owner", "a username with an owner is given to the next claim", names, "decide")
def _decide_claim(
    state: names.Name, command: names.Command, original: Callable[..., tuple[name_events.Event, ...]] = names.decide
) -> tuple[name_events.Event, ...]:
    free = names.Name(state.version, "", "")
    return original(free if isinstance(command, names.Claim) else state, command)


@mutation("any-code-will-do", "a username is recovered with any recovery code", names, "_recover")
def _recover_with_any(
    state: names.Name, command: names.Recover, original: Callable[..., tuple[name_events.Event, ...]] = names._recover
) -> tuple[name_events.Event, ...]:
    return original(structs.replace(state, code_hash=command.code_hash) if state.held else state, command)


@mutation(
    "forgotten-rooms-come-back",
    "a replica that was restored from before a deletion keeps the deleted streams",
    Primary,
    "attached",
)
def _attached_despite_deletions(self: Primary, end: LogEnd, original: Any = Primary.attached) -> Output | None:
    self._forgotten_at = 0
    output: Output | None = original(self, end)
    return output


@mutation(
    "read-before-it-is-known",
    "a main server that cannot write serves reads from a journal that lacks what the replica has",
    takeover_rules,
    "may_be_read",
)
def _may_be_read(_decision: object) -> bool:
    return True


@mutation(
    "refused-but-shown",
    "a read-only main server shows the effects of commands that it refuses",
    RefusingCommitter,
    "submit",
)
def _submit(self: RefusingCommitter, stream: str, command: Any, original: Any = RefusingCommitter.submit) -> Any:
    try:
        return original(self, stream, command)
    except StorageFailed:
        kind, states = self._streams.kind_of(stream), self._states
        state = states.state_of(stream)
        for event in kind.decide(state, command, states.context()):
            state = kind.evolve(state, event)
        if room_of(stream) is not None:
            states._cache.put(room_of(stream), state)  # type: ignore[attr-defined]  # the room store
        raise


# -- defects that the servers once had, and the simulator found ------------------------------------------------------


@mutation(
    "unchanged-is-forgotten",
    "a late duplicate of a request that changed nothing can change something",
    Commit,
    "_remember",
)
def _remember(_self: Commit, _unchanged: object) -> None:
    return None


@mutation(
    "refused-for-what-never-happened",
    "a refusal stands although its batch was not written",
    Commit,
    "run",
)
def _run_with_refusals(self: Commit, submissions: Sequence[Submission]) -> Effects[None]:
    batch = Batch(self._context())
    for submission in submissions:
        self._apply(submission, batch)
    if batch.entries:
        try:
            yield from self._write(batch)
        except StorageFailed as error:
            for submission in submissions:
                submission.answer, submission.error = None, submission.error or error
            return
        self._states.publish(batch)
    self._remember(batch.unchanged)


@mutation("listed-once-and-for-all", "the summary of a room never changes", Commit, "_summarize")
def _summarize(self: Commit, batch: Batch, original: Any = Commit._summarize) -> None:
    original(self, batch)
    batch.summaries = [one for one in batch.summaries if self._states.state_of(one.stream).version == 0]


@mutation("adopted-but-not-told-of", "a room from the other copy gets no summary", Journal, "missing_summaries")
def _missing_summaries(_self: Journal) -> list[str]:
    return []
