"""What the nemesis does with a plan, with servers that only remember what was done to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import cast

import pytest

from verify.chaos import nemesis
from verify.chaos.faults import Fault, FaultKind, Port
from verify.chaos.nemesis import Nemesis
from verify.chaos.workload_processes import WorkloadProcesses
from verify.testbed.detours import Direction
from wire import MAIN, REPLICATION


class Servers:
    """A cluster in which every role has a process, whatever happens."""

    name_server = "nowhere"
    cannot: Mapping[str, str] = {}

    def __init__(self) -> None:
        self.done: list[object] = []
        self.missing: set[str] = set()
        self.gone = True
        self.down = False
        self.whole = True

    def start(self) -> None:
        self.done.append("start")
        self.down = False

    def all_down(self) -> bool:
        return self.down

    def is_whole(self) -> bool:
        return self.whole

    def describe(self) -> str:
        return "as it is"

    def kill(self, role: str) -> int | None:
        return self._hit("kill", role)

    def suspend(self, role: str) -> int | None:
        return self._hit("suspend", role)

    def resume(self, pid: int) -> None:
        self.done.append(("resume", pid))

    def is_gone(self, pid: int) -> bool:  # noqa: ARG002  # the shape of the protocol
        return self.gone

    def fill_disk(self, role: str, largest_bytes: int) -> int | None:
        return self._hit("fill disk", role, largest_bytes)

    def free_disk(self) -> None:
        if "free disk" not in self.done:
            self.done.append("free disk")

    def cut(self, role: str, port: Port, direction: Direction) -> None:
        self.done.append(("cut", role, port, direction))

    def mend(self, role: str, port: Port, direction: Direction) -> None:
        self.done.append(("mend", role, port, direction))

    def damage(self, role: str, pick: int) -> str | None:
        return None if self._hit("damage", role, pick) is None else "a row"

    def set_clocks(self, offsets_s: Sequence[float]) -> None:
        self.done.append(("clocks", tuple(offsets_s)))

    def keep_evidence(self, folder: Path) -> None:
        raise NotImplementedError

    def _hit(self, *what: object) -> int | None:
        if what[1] in self.missing:
            return None
        self.done.append(what)
        return 1


class Groups:
    """Processes of clients of which only the last life counts."""

    def __init__(self) -> None:
        self.done: list[tuple[str, int]] = []

    def kill(self, group: int) -> bool:
        self.done.append(("kill", group))
        return True

    def start(self, group: int) -> None:
        self.done.append(("start", group))


@pytest.fixture
def servers() -> Servers:
    return Servers()


@pytest.fixture
def groups() -> Groups:
    return Groups()


@pytest.fixture
def conduct(servers: Servers, groups: Groups) -> Callable[..., Nemesis]:
    def run(*faults: Fault, limit_s: float = 5.0) -> Nemesis:
        it = Nemesis(servers, cast("WorkloadProcesses", groups), lambda _: None)
        it.run(faults)
        it.settle(limit_s)
        return it

    return run


def test_a_row_of_a_journal_is_damaged_and_that_is_not_undone(
    conduct: Callable[..., Nemesis], servers: Servers
) -> None:
    it = conduct(Fault(FaultKind.DAMAGE, (REPLICATION,), pick=7))
    assert ("damage", REPLICATION, 7) in servers.done
    servers.missing.add(REPLICATION)
    assert [injected.hit for injected in it.injected_faults] == [True]
    assert [injected.hit for injected in conduct(Fault(FaultKind.DAMAGE, (REPLICATION,))).injected_faults] == [False]


def test_what_does_not_last_is_undone(conduct: Callable[..., Nemesis], servers: Servers) -> None:
    conduct(
        Fault(FaultKind.PAUSE, (MAIN,), for_s=0.1),
        Fault(FaultKind.CUT, (MAIN,), for_s=60.0, port="client", direction="in"),
        Fault(FaultKind.DISK_FULL, (REPLICATION,), for_s=60.0, largest_bytes=4096),
        Fault(FaultKind.CLOCK, offsets_s=(3600.0,)),
    )
    for undone in (("resume", 1), ("mend", MAIN, "client", "in"), "free disk", ("clocks", (0.0,))):
        assert undone in servers.done


def test_a_hang_is_left_to_the_servers(conduct: Callable[..., Nemesis], servers: Servers) -> None:
    assert conduct(Fault(FaultKind.HANG, (MAIN,))).complaints == []
    assert ("resume", 1) not in servers.done


def test_a_pause_that_ends_does_not_end_a_later_hang(conduct: Callable[..., Nemesis], servers: Servers) -> None:
    servers.gone = False
    conduct(Fault(FaultKind.PAUSE, (MAIN,), for_s=0.01), Fault(FaultKind.HANG, (MAIN,)), limit_s=0.1)
    assert ("resume", 1) not in servers.done


def test_a_hang_that_nobody_ends_is_a_complaint(
    conduct: Callable[..., Nemesis], servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nemesis, "HANG_LIMIT_S", 0.1)
    servers.gone = False
    (complaint,) = conduct(Fault(FaultKind.HANG, (MAIN,))).complaints
    assert complaint.startswith(f"{MAIN} (pid 1) hung")
    assert ("resume", 1) in servers.done


def test_a_fault_that_finds_nobody_did_not_hit(
    conduct: Callable[..., Nemesis], servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nemesis, "PROCESS_WAIT_S", 0.05)
    servers.missing = {MAIN}
    injected_faults = conduct(
        Fault(FaultKind.KILL, (MAIN,)), Fault(FaultKind.KILL, (MAIN, REPLICATION))
    ).injected_faults
    assert [injected.hit for injected in injected_faults] == [False, True]


def test_a_killed_client_is_started_again(conduct: Callable[..., Nemesis], groups: Groups) -> None:
    conduct(Fault(FaultKind.CLIENT, group=2, for_s=0.05))
    assert groups.done == [("kill", 2), ("start", 2)]


def test_when_all_are_down_they_are_started_from_outside(
    conduct: Callable[..., Nemesis], servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nemesis, "DOWN_S", 0.05)
    servers.down = True
    assert conduct(Fault(FaultKind.CLOCK), Fault(FaultKind.CLOCK, at_s=0.3)).starts == 1
    assert "start" in servers.done


def test_a_cluster_that_does_not_become_whole_is_waited_for_only_so_long(servers: Servers, groups: Groups) -> None:
    servers.whole = False
    assert not Nemesis(servers, cast("WorkloadProcesses", groups), lambda _: None).settle(0.2)
