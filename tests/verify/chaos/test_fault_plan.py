"""The plan of a chaos run: the same for the same seed, and with all that can happen in it."""

from __future__ import annotations

import itertools

from server.supervision.processes import TEMPLATE
from verify.chaos.fault_plan import plan
from verify.chaos.faults import ROLES, SERVERS, Fault, FaultKind
from wire import MAIN, REPLICATION

A_QUARTER_HOUR_S = 900.0


def test_the_same_seed_is_the_same_plan() -> None:
    assert plan(3, 120.0, groups=4) == plan(3, 120.0, groups=4)
    assert plan(3, 120.0, groups=4) != plan(4, 120.0, groups=4)


def test_a_short_plan_is_the_beginning_of_a_long_one() -> None:
    short, long = plan(3, 20.0, groups=4), plan(3, 60.0, groups=4)
    assert long[: len(short)] == short


def test_one_of_each_kind_comes_early() -> None:
    together = 7
    for seed in range(20):
        faults = plan(seed, 60.0, groups=4)
        assert {fault.kind for fault in faults[together : together + len(FaultKind)]} == set(FaultKind)


def test_a_quarter_of_an_hour_has_room_for_more_than_500_faults() -> None:
    for seed in range(5):
        faults = plan(seed, A_QUARTER_HOUR_S, groups=4)
        assert 550 <= len(faults) <= 800
        assert all(0 < fault.at_s < A_QUARTER_HOUR_S for fault in faults)
        assert [fault.at_s for fault in faults] == sorted(fault.at_s for fault in faults)


def test_every_role_every_pair_all_servers_and_all_four_are_killed() -> None:
    killed = {fault.roles for fault in plan(5, A_QUARTER_HOUR_S, groups=4) if fault.kind is FaultKind.KILL}
    singles = {(role,) for role in ROLES}
    with_template = {(TEMPLATE,), *((role, TEMPLATE) for role in SERVERS)}
    assert killed == {*singles, *itertools.combinations(ROLES, 2), *with_template, SERVERS, ROLES}


def test_rows_of_both_journals_are_damaged() -> None:
    damaged = [fault for fault in plan(5, A_QUARTER_HOUR_S, groups=4) if fault.kind is FaultKind.DAMAGE]
    assert {fault.roles for fault in damaged} == {(MAIN,), (REPLICATION,)}
    assert len({fault.pick for fault in damaged}) == len(damaged) > 20


def test_faults_often_fall_into_the_recovery_from_the_one_before() -> None:
    faults = plan(5, A_QUARTER_HOUR_S, groups=4)
    at_once = [one for one, other in itertools.pairwise(faults) if other.at_s - one.at_s < 0.3]
    assert len(at_once) > len(faults) / 5


def test_answers_are_lost_on_the_way_back_before_a_kill() -> None:
    faults = plan(5, 60.0, groups=4)
    assert any(
        one.kind is FaultKind.CUT
        and one.direction == "out"
        and other.kind is FaultKind.KILL
        and other.at_s < one.at_s + one.for_s
        for one, other in itertools.pairwise(faults)
    )


def test_what_a_machine_does_not_allow_is_not_in_the_plan() -> None:
    faults = plan(5, 60.0, groups=4, without=[FaultKind.CUT, FaultKind.DISK_FULL])
    assert {fault.kind for fault in faults} == set(FaultKind) - {FaultKind.CUT, FaultKind.DISK_FULL}


def test_every_group_of_clients_is_killed() -> None:
    faults = plan(5, A_QUARTER_HOUR_S, groups=3)
    assert {fault.group for fault in faults if fault.kind is FaultKind.CLIENT} == {0, 1, 2}


def test_a_fault_says_what_it_is() -> None:
    cut = Fault(FaultKind.CUT, ("main_server",), for_s=1.5, port="client", direction="in")
    assert str(cut) == "network cut main_server (client port, in) for 1.50 s"
