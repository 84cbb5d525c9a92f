"""The machines of replication and takeover, without any process: what they decide, and what must hold whatever comes.

``World`` is a main server's journal and a replica's, joined by a network that loses messages; a main server can die
between any two steps and another takes office. What was committed must survive all of it.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from game.errors import InvariantBroken
from server import takeover
from server.entries import START, Entry, Mark, Office, Snapshot, StreamCopy, Terms
from server.primary import Committed, Primary, Send, SendBacklog, SendCopy, Step, StepDown
from server.replica import Behind, Replica, Take
from server.takeover import FetchCopy, Standing, TakeOffice, Wait
from wire.errors import Fenced

FIRST = Office(1, "a")


def entry(position: int, epoch: int = 1, stream: str = "room/a", version: int | None = None) -> Entry:
    return Entry(position, epoch, stream, position if version is None else version, "{}")


def primary_with(last: Mark = START, office: Office = FIRST) -> Primary:
    return Primary(office, last, Terms([Mark(office.epoch, last.position + 1)]))


# -- primary ------------------------------------------------------------------------------------------------------


def test_alone_an_entry_is_committed_once_the_own_journal_has_it() -> None:
    primary = primary_with()
    assert primary.wrote([entry(1)]) == Committed(1)
    assert primary.step is Step.ALONE


def test_in_step_an_entry_is_not_committed_before_the_replica_has_it() -> None:
    primary = primary_with()
    assert primary.joined(START) is None
    assert primary.wrote([entry(1)]) == Send(START, (entry(1),))
    assert primary.committed == 0
    assert primary.acknowledged(Mark(1, 1)) == Committed(1)


def test_a_replica_that_lacks_entries_does_not_count_before_it_has_them() -> None:
    primary = primary_with()
    primary.wrote([entry(1), entry(2)])
    assert primary.joined(START) == SendBacklog(START, Mark(1, 2))
    assert primary.step is Step.CATCHING_UP
    assert primary.wrote([entry(3)]) == Committed(3)
    assert primary.joined(Mark(1, 2)) == SendBacklog(Mark(1, 2), Mark(1, 3))
    assert primary.joined(Mark(1, 3)) is None
    assert primary.step is Step.IN_STEP


def test_a_replica_of_another_history_gets_a_whole_copy() -> None:
    primary = Primary(Office(3, "c"), Mark(3, 7), Terms([Mark(1, 1), Mark(3, 5)]))
    assert isinstance(primary.joined(Mark(2, 5)), SendCopy)
    assert isinstance(primary.joined(Mark(1, 6)), SendCopy)
    assert isinstance(primary.joined(Mark(3, 8)), SendCopy)
    assert primary.joined(Mark(1, 4)) == SendBacklog(Mark(1, 4), Mark(3, 7))


def test_when_the_replica_is_lost_the_primary_goes_on_alone() -> None:
    primary = primary_with()
    primary.joined(START)
    primary.wrote([entry(1)])
    assert primary.lost() == Committed(1)
    assert primary.step is Step.ALONE


def test_a_replica_that_acknowledges_something_else_is_not_in_step() -> None:
    primary = primary_with()
    primary.joined(START)
    primary.wrote([entry(1), entry(2)])
    assert primary.acknowledged(Mark(1, 1)) == Committed(2)
    assert primary.step is Step.ALONE


def test_a_fenced_primary_commits_nothing_any_more() -> None:
    primary = primary_with()
    primary.joined(START)
    primary.wrote([entry(1)])
    assert isinstance(primary.refused(), StepDown)
    assert isinstance(primary.lost(), StepDown)
    assert isinstance(primary.joined(START), StepDown)
    with pytest.raises(InvariantBroken):
        primary.wrote([entry(2)])
    assert primary.committed == 0


def test_a_log_with_a_gap_is_not_written() -> None:
    with pytest.raises(InvariantBroken):
        primary_with().wrote([entry(2)])


# -- replica ------------------------------------------------------------------------------------------------------


def test_a_replica_takes_what_follows_on_its_copy() -> None:
    replica = Replica(FIRST, START)
    assert replica.receive(FIRST, START, [], [entry(1)]) == Take((), (entry(1),), Mark(1, 1))


def test_a_replica_refuses_what_does_not_follow() -> None:
    replica = Replica(FIRST, Mark(1, 1))
    assert replica.receive(FIRST, Mark(1, 2), [], [entry(3)]) == Behind(Mark(1, 1))


def test_the_same_message_again_is_acknowledged_and_not_written_again() -> None:
    replica = Replica(FIRST, Mark(1, 1))
    assert replica.receive(FIRST, START, [], [entry(1)]) == Take((), (), Mark(1, 1))


def test_g4_a_replica_obeys_the_highest_epoch_alone() -> None:
    replica = Replica(FIRST, START)
    replica.promised(Office(2, "b"))
    for office in (FIRST, Office(2, "c"), Office(1, "b")):
        with pytest.raises(Fenced):
            replica.receive(office, START, [], [entry(1)])
        with pytest.raises(Fenced):
            replica.may_take_office(office)
        with pytest.raises(Fenced):
            replica.promised(office)
    replica.obey(Office(2, "b"))
    replica.promised(Office(3, "d"))
    assert replica.office == Office(3, "d")


def test_snapshots_stand_for_the_entries_before_them() -> None:
    replica = Replica(FIRST, START)
    snapshot = Snapshot(4, 1, "room/a", 4, "{}")
    order = replica.receive(FIRST, START, [snapshot], [entry(5)])
    assert order == Take((snapshot,), (entry(5),), Mark(1, 5))


# -- taking office ------------------------------------------------------------------------------------------------


def decide(own: Standing, replica: Standing | None, *, terms: Terms | None = None, waited_s: float = 0.0) -> object:
    return takeover.decide(own, terms or Terms(), replica, waited_s=waited_s, wait_limit_s=3.0)


NOTHING = Standing(Office(0, ""), START)


def test_without_a_journal_nobody_takes_office_before_the_replica_has_answered() -> None:
    assert isinstance(decide(NOTHING, None, waited_s=1e6), Wait)
    assert decide(NOTHING, NOTHING) == TakeOffice(1)


def test_who_has_lost_its_journal_does_not_begin_anew_on_a_replica_that_has_nothing() -> None:
    lost = {"waited_s": 1e6, "wait_limit_s": 3.0, "own_lost": True}
    assert isinstance(takeover.decide(NOTHING, Terms(), NOTHING, **lost), Wait)
    assert takeover.decide(NOTHING, Terms(), Standing(FIRST, Mark(1, 5)), **lost) == FetchCopy(2)


def test_with_a_journal_the_replica_is_waited_for_a_while() -> None:
    own = Standing(FIRST, Mark(1, 4))
    assert isinstance(decide(own, None, waited_s=2.9), Wait)
    assert decide(own, None, waited_s=3.0) == TakeOffice(2)


def test_the_new_epoch_is_higher_than_any_that_anybody_knows() -> None:
    own = Standing(Office(2, "b"), Mark(2, 9))
    terms = Terms([Mark(1, 1), Mark(2, 5)])
    assert decide(own, Standing(Office(7, "x"), Mark(2, 9)), terms=terms) == TakeOffice(8)


def test_a_replica_that_has_more_is_asked_for_it_first() -> None:
    own = Standing(FIRST, Mark(1, 4))
    assert decide(own, Standing(FIRST, Mark(1, 5)), terms=Terms([Mark(1, 1)])) == FetchCopy(2)
    assert decide(NOTHING, Standing(FIRST, Mark(1, 5))) == FetchCopy(2)


def test_of_two_copies_of_a_room_the_higher_epoch_counts_then_the_higher_version() -> None:
    ours = {"room/a": (2, 3), "room/b": (1, 9), "room/c": (1, 2)}
    theirs = [
        StreamCopy("room/a", None, (entry(9, 1, "room/a", 8),)),
        StreamCopy("room/b", None, (entry(9, 2, "room/b", 4),)),
        StreamCopy("room/c", Snapshot(3, 1, "room/c", 2, "{}"), ()),
        StreamCopy("room/d", None, (entry(9, 1, "room/d", 1),)),
    ]
    assert [copy.stream for copy in takeover.better_copies(ours, theirs)] == ["room/b", "room/d"]


def test_terms_tell_which_epoch_wrote_a_position() -> None:
    terms = Terms([Mark(1, 1), Mark(4, 3), Mark(5, 3), Mark(7, 9)])
    end = Mark(7, 12)
    inside = [START, Mark(1, 1), Mark(1, 2), Mark(5, 3), Mark(5, 8), Mark(7, 9), Mark(7, 12)]
    outside = [Mark(1, 3), Mark(4, 3), Mark(4, 2), Mark(7, 8), Mark(7, 13), Mark(9, 12)]
    assert all(terms.contain(mark, end) for mark in inside)
    assert not any(terms.contain(mark, end) for mark in outside)
    with pytest.raises(InvariantBroken):
        terms.begin(Mark(7, 20))


# -- both together ------------------------------------------------------------------------------------------------


class World:
    """One main server after the other, one replica, and what was committed so far."""

    def __init__(self, *, epoch_check: bool = True) -> None:
        self.epoch_check = epoch_check
        self.main_log: list[Entry] = []
        self.terms: list[Mark] = []
        self.replica_log: list[Entry] = []
        self.replica = Replica(Office(0, ""), START)
        self.committed: list[Entry] = []
        self.written = 0
        self.holders = 0
        self.primary = self.new_main()

    def end(self, log: list[Entry]) -> Mark:
        return log[-1].mark if log else START

    def new_main(self) -> Primary:
        """A main server that reaches the replica takes office."""
        self.holders += 1
        office = Office(self.replica.office.epoch + 1, str(self.holders))
        self.replica.promised(office)
        self.terms.append(Mark(office.epoch, len(self.main_log) + 1))
        return Primary(office, self.end(self.main_log), Terms(self.terms))

    def attach(self) -> None:
        output = self.primary.joined(self.replica.last)
        while isinstance(output, (SendBacklog, SendCopy)):
            if isinstance(output, SendCopy):
                self.replica_log = list(self.main_log)
                self.replica.replaced(self.end(self.replica_log))
                output = self.primary.joined(self.replica.last)
            else:
                piece = [e for e in self.main_log if output.after.position < e.position <= output.upto.position][:3]
                output = self.primary.joined(self.deliver(self.primary.office, output.after, piece))

    def deliver(self, office: Office, previous: Mark, entries: list[Entry]) -> Mark:
        if not self.epoch_check:
            office = self.replica.office
        order = self.replica.receive(office, previous, [], entries)
        if isinstance(order, Take):
            self.replica_log.extend(order.entries)
            self.replica.wrote(order.last)
        return self.replica.last

    def write(self, primary: Primary, log: list[Entry], *, reaches: bool, answered: bool, dies: bool) -> None:
        """One commit, in which the message or its answer may be lost and the main server may die at the end."""
        self.written += 1
        new = Entry(primary.last.position + 1, primary.office.epoch, "room/a", len(log) + 1, f'"{self.written}"')
        log.append(new)
        output = primary.wrote([new])
        if isinstance(output, Send):
            try:
                last = self.deliver(primary.office, output.previous, list(output.entries)) if reaches else None
            except Fenced:
                output = primary.refused()
            else:
                if dies:
                    return
                output = primary.acknowledged(last) if answered and last is not None else primary.lost()
        if isinstance(output, Committed):
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
        elif old is not None and old[0].step is Step.IN_STEP:
            before = len(world.committed)
            world.write(*old, reaches=True, answered=answered, dies=False)
            assert len(world.committed) == before, "a main server that was replaced must not commit"
    world.attach()
    survivors = {e.body for e in world.main_log}
    assert all(e.body in survivors for e in world.committed)
    assert [e[:2] for e in world.replica_log] == [e[:2] for e in world.main_log]
    assert [e.body for e in world.replica_log] == [e.body for e in world.main_log]


@settings(max_examples=300, deadline=None)
@given(STEPS)
def test_g1_g4_what_was_committed_is_in_both_logs_whatever_gets_lost(steps: list[tuple[str, bool, bool, bool]]) -> None:
    run(World(), steps)


def test_g4_without_the_epoch_check_an_old_main_server_does_commit() -> None:
    steps = [("attach", True, True, False), ("takeover", True, True, False), ("old writes", True, True, False)]
    run(World(), steps)
    with pytest.raises(AssertionError, match="must not commit"):
        run(World(epoch_check=False), steps)
