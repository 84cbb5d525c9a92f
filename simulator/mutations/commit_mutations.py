"""Mutations in how commands are decided, committed, remembered and shown, and in the ownership of usernames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from server.log.remembered_answers import RememberedAnswers
from server.log.room_stream import room_of
from server.rooms import event_feed
from server.runtime.effects import Effects
from simulator.mutations.mutation import mutation, register, returning
from wire.errors import StorageFailed


@mutation("publish-before-commit", "events are visible before they are in the log", Commit, "run")
def _run_publishing_first(self: Commit, submissions: Sequence[Submission]) -> Effects[None]:
    batch = Batch(self._context())
    for submission in submissions:
        self._apply(submission, batch)
    if batch.entries:
        self._store.publish(batch)
        yield from self._write(batch)


register("forget-request-ids", "a retry is applied again", room_module, "answer_to", returning(None))


@mutation("snapshot-forgets-requests", "a snapshot lacks the requests that were answered", snapshot_codec, "encode")
def _encode_without_requests(room: Room, original: Callable[[Room], dict[str, object]] = encode) -> dict[str, object]:
    return {**original(room), "requests": {}}


register(
    "news-with-holes",
    "a long poll gets the latest events only, and none of those before",
    event_feed,
    "older_events",
    returning([]),
)


@mutation("anybody-is-the-owner", "a username with an owner is given to the next claim", names, "decide")
def _decide_claim_as_if_free(
    state: names.Name, command: names.Command, original: Callable[..., tuple[name_events.Event, ...]] = names.decide
) -> tuple[name_events.Event, ...]:
    free = names.Name(state.version, "", "")
    return original(free if isinstance(command, names.Claim) else state, command)


@mutation("any-code-will-do", "a username is recovered with any recovery code", names, "_recover")
def _recover_with_any_code(
    state: names.Name, command: names.Recover, original: Callable[..., tuple[name_events.Event, ...]] = names._recover
) -> tuple[name_events.Event, ...]:
    return original(structs.replace(state, code_hash=command.code_hash) if state.is_owned else state, command)


@mutation(
    "refused-but-shown",
    "a read-only main server shows the effects of commands that it refuses",
    RefusingCommitter,
    "_answer",
)
def _answer_and_show(
    self: RefusingCommitter, stream: str, command: Any, original: Any = RefusingCommitter._answer
) -> Any:
    try:
        return original(self, stream, command)
    except StorageFailed:
        kind, store = self._streams.kind_of(stream), self._store
        state = store.state_of(stream)
        for event in kind.decide(state, command, store.context()):
            state = kind.evolve(state, event)
        if (room := room_of(stream)) is not None:
            store.cache.put(room, state)
        raise


# -- defects that the servers once had, and the simulator found ------------------------------------------------------

register(
    "unchanged-is-forgotten",
    "a late duplicate of a request that changed nothing can change something",
    RememberedAnswers,
    "add",
    returning(None),
)


@mutation(
    "refused-for-what-never-happened",
    "a refusal stands although its batch was not written",
    Commit,
    "run",
)
def _run_keeping_refusals(self: Commit, submissions: Sequence[Submission]) -> Effects[None]:
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
        self._store.publish(batch)
    self._unchanged.add(batch.unchanged)


@mutation("listed-once-and-for-all", "the summary of a room never changes", Commit, "_summarize")
def _summarize_new_streams(self: Commit, batch: Batch, original: Any = Commit._summarize) -> None:
    original(self, batch)
    batch.summaries = [one for one in batch.summaries if self._store.state_of(one.stream).version == 0]
