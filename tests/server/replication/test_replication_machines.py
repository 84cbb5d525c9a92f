"""The machines of replication and takeover, without any process: what they decide, and what must hold whatever comes.

``World`` is a main server's journal and a replica's, joined by a network that loses messages; a main server can die
between any two steps and another takes over. What was committed must survive all of it.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from game.errors import InvariantBroken
from server.log.entries import EMPTY, START, Entry, Epoch, EpochStart, LogEnd, LogId, Snapshot
from server.log.epoch_history import EpochHistory
from server.replication import replica, takeover_rules
from server.replication.primary import (
    Primary,
    SendBacklog,
    SendCopy,
    SyncState,
)
from server.replication.takeover_rules import BecomePrimary, CandidateState, Divergence, FetchCopy, ReplicaState, Wait
from tests.examples import examples
from wire.errors import Diverged, Fenced

FIRST = Epoch(1, "a")


def entry(position: int, epoch: int = 1, stream: str = "room/a", version: int | None = None) -> Entry:
    return Entry(position, epoch, stream, position if version is None else version, "{}")


def primary_with(last: LogId = START, epoch: Epoch = FIRST) -> Primary:
    return Primary(epoch, last, EpochHistory([EpochStart(*epoch, last.position + 1)]))


# -- primary ------------------------------------------------------------------------------------------------------


def test_alone_an_entry_is_committed_once_the_own_journal_has_it() -> None:
    primary = primary_with()
    assert primary.appended([entry(1)]) is None
    assert primary.committed == 1
    assert primary.sync_state is SyncState.DEGRADED


def test_in_step_an_entry_is_not_committed_before_the_replica_has_it() -> None:
    primary = primary_with()
    assert primary.attached(EMPTY) is None
    assert primary.appended([entry(1)]) == START
    assert primary.committed == 0
    primary.acknowledged(LogId(1, 1))
    assert primary.committed == 1


def test_a_replica_that_lacks_entries_does_not_count_before_it_has_them() -> None:
    primary = primary_with()
    primary.appended([entry(1), entry(2)])
    assert primary.attached(EMPTY) == SendBacklog(START, LogId(1, 2))
    assert primary.sync_state is SyncState.CATCHING_UP
    assert primary.appended([entry(3)]) is None
    assert primary.committed == 3
    assert primary.attached(LogEnd(1, 2, "a")) == SendBacklog(LogId(1, 2), LogId(1, 3))
    assert primary.attached(LogEnd(1, 3, "a")) is None
    assert primary.sync_state is SyncState.IN_SYNC


@pytest.mark.parametrize(
    "ahead",
    [LogEnd(2, 5, "b"), LogEnd(1, 6, "a"), LogEnd(3, 8, "c"), LogEnd(3, 6, "another"), LogEnd(4, 7, "d")],
)
def test_g1_a_replica_that_has_what_the_primary_lacks_is_not_overwritten(ahead: LogEnd) -> None:
    primary = Primary(Epoch(3, "c"), LogId(3, 7), EpochHistory([EpochStart(1, "a", 1), EpochStart(3, "c", 5)]))
    with pytest.raises(Diverged):
        primary.attached(ahead)
    assert primary.sync_state is SyncState.FENCED
    with pytest.raises(Fenced):
        primary.attached(LogEnd(1, 4, "a"))


def test_a_replica_that_is_behind_gets_what_follows() -> None:
    primary = Primary(Epoch(3, "c"), LogId(3, 7), EpochHistory([EpochStart(1, "a", 1), EpochStart(3, "c", 5)]))
    assert primary.attached(LogEnd(1, 4, "a")) == SendBacklog(LogId(1, 4), LogId(3, 7))


def test_an_empty_replica_gets_a_whole_copy_where_the_terms_do_not_reach_back_to_the_beginning() -> None:
    primary = Primary(Epoch(3, "c"), LogId(3, 7), EpochHistory([EpochStart(2, "b", 4), EpochStart(3, "c", 5)]))
    assert isinstance(primary.attached(EMPTY), SendCopy)
    assert primary.attached(LogEnd(2, 4, "b")) == SendBacklog(LogId(2, 4), LogId(3, 7))


def test_a_replica_that_lacks_the_last_deletion_gets_a_whole_copy() -> None:
    primary = Primary(FIRST, LogId(1, 9), EpochHistory([EpochStart(*FIRST, 1)]))
    assert isinstance(primary.attached(LogEnd(1, 5, "a"), lacks_deletion=True), SendCopy)
    assert primary.attached(LogEnd(1, 6, "a")) == SendBacklog(LogId(1, 6), LogId(1, 9))
    assert isinstance(primary.attached(LogEnd(1, 9, "a"), lacks_deletion=True), SendCopy)
    assert primary.attached(LogEnd(1, 9, "a")) is None


def test_when_the_replica_is_lost_the_primary_goes_on_alone() -> None:
    primary = primary_with()
    primary.attached(EMPTY)
    primary.appended([entry(1)])
    primary.disconnected()
    assert primary.committed == 1
    assert primary.sync_state is SyncState.DEGRADED


def test_a_replica_that_acknowledges_something_else_is_not_in_step() -> None:
    primary = primary_with()
    primary.attached(EMPTY)
    primary.appended([entry(1), entry(2)])
    primary.acknowledged(LogId(1, 1))
    assert primary.committed == 2
    assert primary.sync_state is SyncState.DEGRADED


def test_a_fenced_primary_commits_nothing_any_more() -> None:
    primary = primary_with()
    primary.attached(EMPTY)
    primary.appended([entry(1)])
    primary.fenced()
    primary.disconnected()
    primary.acknowledged(LogId(1, 1))
    with pytest.raises(Fenced):
        primary.attached(EMPTY)
    assert primary.sync_state is SyncState.FENCED
    with pytest.raises(InvariantBroken):
        primary.appended([entry(2)])
    assert primary.committed == 0


def test_a_log_with_a_gap_is_not_written() -> None:
    with pytest.raises(InvariantBroken):
        primary_with().appended([entry(2)])


# -- replica ------------------------------------------------------------------------------------------------------


def test_a_replica_takes_what_follows_on_its_copy() -> None:
    assert replica.end_after(START, START, [], [entry(1)]) == LogId(1, 1)


def test_a_replica_refuses_what_does_not_follow() -> None:
    assert replica.end_after(LogId(1, 1), LogId(1, 2), [], [entry(3)]) is None


def test_the_same_message_again_is_acknowledged_and_not_written_again() -> None:
    assert replica.end_after(LogId(1, 1), START, [], [entry(1)]) is None


def test_g4_a_replica_obeys_the_highest_epoch_alone() -> None:
    obeyed = Epoch(2, "b")
    replica.check_promise(FIRST, obeyed)
    for epoch in (FIRST, Epoch(2, "c"), Epoch(1, "b")):
        with pytest.raises(Fenced):
            replica.require(obeyed, epoch)
        with pytest.raises(Fenced):
            replica.check_promise(obeyed, epoch)
    replica.require(obeyed, Epoch(2, "b"))
    replica.check_promise(obeyed, Epoch(3, "d"))


def test_snapshots_stand_for_the_entries_before_them() -> None:
    snapshot = Snapshot(4, 1, "room/a", 4, "{}")
    assert replica.end_after(START, START, [snapshot], [entry(5)]) == LogId(1, 5)


# -- takeover -----------------------------------------------------------------------------------------------------


NOTHING = CandidateState(Epoch(0, ""), EMPTY)


def replica_at(epoch: Epoch, last: LogEnd, *, has_own: bool = False) -> ReplicaState:
    return ReplicaState(epoch, last, has_own)


EMPTY_REPLICA = replica_at(Epoch(0, ""), EMPTY, has_own=True)


def decide(
    own: CandidateState,
    replica: ReplicaState | None,
    *,
    terms: EpochHistory | None = None,
    waited_s: float = 0.0,
    own_lost: bool = False,
    may_be_alone: bool = True,
) -> object:
    return takeover_rules.decide(
        own,
        terms or EpochHistory(),
        replica,
        waited_s=waited_s,
        wait_limit_s=3.0,
        own_lost=own_lost,
        may_be_alone=may_be_alone,
    )


def test_without_a_journal_nobody_takes_over_before_the_replica_has_answered() -> None:
    assert isinstance(decide(NOTHING, None, waited_s=1e6), Wait)
    assert decide(NOTHING, EMPTY_REPLICA) == BecomePrimary(1)


def test_who_has_lost_its_journal_does_not_begin_anew_on_a_replica_that_has_nothing() -> None:
    assert isinstance(decide(NOTHING, EMPTY_REPLICA, waited_s=1e6, own_lost=True), Wait)
    filled = replica_at(FIRST, LogEnd(1, 5, "a"), has_own=True)
    assert decide(NOTHING, filled, waited_s=1e6, own_lost=True) == FetchCopy(2)


def test_with_a_journal_the_replica_is_waited_for_a_while() -> None:
    own = CandidateState(FIRST, LogEnd(1, 4, "a"))
    assert isinstance(decide(own, None, waited_s=2.9), Wait)
    assert decide(own, None, waited_s=3.0) == BecomePrimary(2)


def test_g1_with_a_journal_that_is_older_than_it_was_the_replica_is_waited_for_however_long() -> None:
    own = CandidateState(FIRST, LogEnd(1, 4, "a"))
    assert isinstance(decide(own, None, waited_s=1e6, may_be_alone=False), Wait)
    ahead = replica_at(FIRST, LogEnd(1, 9, "a"), has_own=True)
    assert decide(own, ahead, terms=EpochHistory([EpochStart(*FIRST, 1)]), may_be_alone=False) == FetchCopy(2)


def test_the_new_epoch_is_higher_than_any_that_anybody_knows() -> None:
    own = CandidateState(Epoch(2, "b"), LogEnd(2, 9, "b"))
    terms = EpochHistory([EpochStart(1, "a", 1), EpochStart(2, "b", 5)])
    assert decide(own, replica_at(Epoch(7, "x"), LogEnd(2, 9, "b")), terms=terms) == BecomePrimary(8)


def test_a_replica_that_has_more_is_asked_for_it_first() -> None:
    own = CandidateState(FIRST, LogEnd(1, 4, "a"))
    more = replica_at(FIRST, LogEnd(1, 5, "a"), has_own=True)
    assert decide(own, more, terms=EpochHistory([EpochStart(1, "a", 1)])) == FetchCopy(2)
    assert decide(NOTHING, more) == FetchCopy(2)


@pytest.mark.parametrize("theirs", [LogEnd(4, 409, "b"), LogEnd(4, 120, "b"), LogEnd(3, 150, "c")])
def test_g1_when_each_copy_has_what_the_other_lacks_neither_is_chosen(theirs: LogEnd) -> None:
    """One epoch number, two holders: main's journal was put back, and it went on alone."""
    own = CandidateState(Epoch(4, "a"), LogEnd(4, 150, "a"))
    terms = EpochHistory([EpochStart(1, "z", 1), EpochStart(4, "a", 101)])
    assert isinstance(decide(own, replica_at(Epoch(4, "b"), theirs), terms=terms), Divergence)


def test_terms_say_which_holder_wrote_a_position_in_which_epoch() -> None:
    terms = EpochHistory([EpochStart(1, "a", 1), EpochStart(4, "b", 3), EpochStart(5, "c", 3), EpochStart(7, "d", 9)])
    last = LogId(7, 12)
    inside = [EMPTY, *(LogEnd(1, at, "a") for at in (1, 2)), LogEnd(5, 3, "c"), LogEnd(5, 8, "c"), LogEnd(7, 12, "d")]
    outside = [(1, 3, "a"), (4, 3, "b"), (4, 2, "b"), (7, 8, "d"), (7, 13, "d"), (9, 12, "e"), (5, 8, "x"), (5, 8, "")]
    assert all(terms.contain(end, last) for end in inside)
    assert not any(terms.contain(LogEnd(*end), last) for end in outside)
    assert terms.end_at(last) == LogEnd(7, 12, "d")
    with pytest.raises(InvariantBroken):
        terms.begin(EpochStart(7, "d", 20))


def test_a_copy_lacks_the_terms_that_begin_after_its_end() -> None:
    terms = EpochHistory(
        [EpochStart(1, "a", 1), EpochStart(4, "wrote nothing", 3), EpochStart(5, "c", 3), EpochStart(7, "d", 9)]
    )
    assert terms.written(0, 2) == (EpochStart(1, "a", 1),)
    assert terms.written(2, 9) == (EpochStart(5, "c", 3), EpochStart(7, "d", 9))
    assert terms.written(9, 12) == ()


# -- both together ------------------------------------------------------------------------------------------------


class World:
    """One main server after the other, one replica, and what was committed so far."""

    def __init__(self, *, epoch_check: bool = True) -> None:
        self.epoch_check = epoch_check
        self.main_log: list[Entry] = []
        self.terms: list[EpochStart] = []
        self.replica_log: list[Entry] = []
        self.obeyed = Epoch(0, "")
        self.committed: list[Entry] = []
        self.written = 0
        self.holders = 0
        self.primary = self.new_main()

    def end(self, log: list[Entry]) -> LogId:
        return log[-1].log_id if log else START

    def replica_end(self) -> LogEnd:
        return EpochHistory(self.terms).end_at(self.end(self.replica_log))

    def new_main(self) -> Primary:
        """A main server that reaches the replica takes over."""
        self.holders += 1
        epoch = Epoch(self.obeyed.number + 1, str(self.holders))
        replica.check_promise(self.obeyed, epoch)
        self.obeyed = epoch
        self.terms.append(EpochStart(*epoch, len(self.main_log) + 1))
        return Primary(epoch, self.end(self.main_log), EpochHistory(self.terms))

    def attach(self) -> None:
        output = self.primary.attached(self.replica_end())
        while output is not None:
            if isinstance(output, SendCopy):
                self.replica_log = list(self.main_log)
                output = self.primary.attached(self.replica_end())
            else:
                piece = [e for e in self.main_log if output.after.position < e.position <= output.upto.position][:3]
                self.deliver(self.primary.epoch, output.after, piece)
                output = self.primary.attached(self.replica_end())

    def deliver(self, epoch: Epoch, previous: LogId, entries: list[Entry]) -> LogId:
        if self.epoch_check:
            replica.require(self.obeyed, epoch)
        if replica.end_after(self.end(self.replica_log), previous, [], entries) is not None:
            self.replica_log.extend(entries)
        return self.end(self.replica_log)

    def write(self, primary: Primary, log: list[Entry], *, reaches: bool, answered: bool, dies: bool) -> None:
        """One commit, in which the message or its answer may be lost and the main server may die at the end."""
        self.written += 1
        new = Entry(primary.last.position + 1, primary.epoch.number, "room/a", len(log) + 1, f'"{self.written}"')
        log.append(new)
        previous = primary.appended([new])
        if previous is not None:
            try:
                last = self.deliver(primary.epoch, previous, [new]) if reaches else None
            except Fenced:
                primary.fenced()
            else:
                if dies:
                    return
                if answered and last is not None:
                    primary.acknowledged(last)
                else:
                    primary.disconnected()
        if primary.committed == new.position:
            self.committed.append(new)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["write", "attach", "takeover", "old writes"]), st.booleans(), st.booleans(), st.booleans()
    ),
    max_size=40,
)


def run(world: World, steps: list[tuple[str, bool, bool, bool]]) -> None:
    old: tuple[Primary, list[Entry]] | None = None
    for step, reaches, answered, dies in steps:
        if step == "write":
            world.write(world.primary, world.main_log, reaches=reaches, answered=answered, dies=dies)
            if dies:
                world.primary = world.new_main()
        elif step == "attach":
            world.attach()
        elif step == "takeover":
            # The old one goes on elsewhere, on a copy of its journal, as one that was only cut off would.
            old = (world.primary, list(world.main_log))
            world.primary = world.new_main()
        elif old is not None and old[0].sync_state is SyncState.IN_SYNC:
            before = len(world.committed)
            world.write(*old, reaches=True, answered=answered, dies=False)
            assert len(world.committed) == before, "a main server that was replaced must not commit"
    world.attach()
    survivors = {e.body for e in world.main_log}
    assert all(e.body in survivors for e in world.committed)
    assert [e[:2] for e in world.replica_log] == [e[:2] for e in world.main_log]
    assert [e.body for e in world.replica_log] == [e.body for e in world.main_log]


@settings(max_examples=examples(300), deadline=None)
@given(STEPS)
def test_g1_g4_what_was_committed_is_in_both_logs_whatever_gets_lost(steps: list[tuple[str, bool, bool, bool]]) -> None:
    run(World(), steps)


def test_g4_without_the_epoch_check_an_old_main_server_does_commit() -> None:
    steps = [("attach", True, True, False), ("takeover", True, True, False), ("old writes", True, True, False)]
    run(World(), steps)
    with pytest.raises(AssertionError, match="must not commit"):
        run(World(epoch_check=False), steps)
