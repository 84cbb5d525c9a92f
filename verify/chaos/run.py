"""A chaos run, from its first fault to its verdict."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from client.cluster import connect
from client.connection import ObjectAddress, RetryingConnection, RetryPolicy
from client.credentials import DEFAULT_PORT
from client.room import RoomClient
from game.rooms.events import Event, Finished, Started
from game.rooms.evolve import evolve
from game.rooms.state import nothing
from verify.chaos.fault_plan import plan
from verify.chaos.faults import FaultKind
from verify.chaos.nemesis import Nemesis
from verify.chaos.report import COUNTED, ChaosReport
from verify.chaos.workload_processes import WorkloadProcesses, groups_of_clients
from verify.history.guarantees import check
from verify.history.record import RoomHistory
from verify.testbed.cluster_faults import ClusterFaults
from verify.testbed.history_file import RecordedHistory, is_accepted_move, read_histories
from wire import MAIN, room_object, rpc
from wire.addresses import parse
from wire.errors import TicTacToeError
from wire.rpc import Address

PATIENCE_S = 90.0
FIRST_MOVES_LIMIT_S = 180.0
"""Seconds until there must be a move at every table. The first fault comes after that."""
RECOVERY_LIMIT_S = 180.0
"""Seconds after the last fault until the cluster must be healthy."""
FINISH_LIMIT_S = 180.0
"""Seconds after that until every game must be finished."""
LOOK_AGAIN_S = 0.05
_READER = "the reader"


@dataclass(frozen=True)
class ChaosOptions:
    """The options of a run."""

    command: str
    seconds: float
    seed: int
    tables: int = 6
    groups: int = 4
    match_players: int = 6


def run_chaos(
    servers: ClusterFaults,
    options: ChaosOptions,
    on_progress: Callable[[str], None],
    *,
    evidence: Path | None = None,
    keep: bool = False,
) -> ChaosReport:
    """Run on a cluster that is running. Its owner stops it.

    ``evidence`` is a folder for the files of clients and servers. They
    are kept there if there is a finding, or always with ``keep``. Defects of the servers raise nothing: they are in the
    report.
    """
    with tempfile.TemporaryDirectory(prefix="tictactoe-chaos-") as folder:
        report = _Run(servers, options, on_progress, Path(folder)).run()
        if evidence is not None and (keep or not report.clean):
            servers.keep_evidence(evidence / "servers")
            shutil.copytree(folder, evidence / "clients", dirs_exist_ok=True)
        return report


class _Run:
    """The state of one run."""

    def __init__(
        self,
        servers: ClusterFaults,
        options: ChaosOptions,
        on_progress: Callable[[str], None],
        folder: Path,
    ) -> None:
        self._servers = servers
        self._options = options
        self._began = time.monotonic()
        self._print = on_progress
        self._clients = groups_of_clients(
            tables=options.tables, groups=options.groups, match_players=options.match_players
        )
        self._workload = WorkloadProcesses(
            self._clients, folder, servers.client_environment, name_server=servers.name_server, seed=options.seed
        )
        self._nemesis = Nemesis(servers, self._workload, self._report_progress)
        self._complaints: list[str] = []

    def run(self) -> ChaosReport:
        options, without = self._options, [FaultKind(kind) for kind in self._servers.cannot]
        faults = plan(options.seed, options.seconds, groups=options.groups, without=without)
        self._report_progress(f"plan: {len(faults)} faults in {options.seconds:g} s, seed {options.seed}")
        began = time.monotonic()
        try:
            self._workload.start_all()
            self._wait_for_games()
            self._nemesis.run(faults)
            seconds = time.monotonic() - began
            self._settle()
            self._report_progress("waiting until the clients have finished their games")
            late = self._workload.finish(FINISH_LIMIT_S)
        finally:
            self._workload.end()
        self._complaints += [f"client group {group} did not finish within {FINISH_LIMIT_S:g} s" for group in late]
        self._report_progress("reading the final history of every room and checking it")
        recorded = read_histories(self._workload.files)
        try:
            self._read_final_histories(recorded)
        except TicTacToeError as error:
            self._complaints.append(f"the final histories cannot be read: {error.message}")
        return self._report(recorded, seconds)

    def _wait_for_games(self) -> None:
        """Wait until games run: faults without players would show nothing."""
        deadline = time.monotonic() + FIRST_MOVES_LIMIT_S
        while time.monotonic() < deadline:
            rooms = read_histories(self._workload.files).rooms.values()
            if sum(any(is_accepted_move(call) for call in room.calls) for room in rooms) >= self._options.tables:
                self._report_progress("every table has an accepted move")
                return
            time.sleep(LOOK_AGAIN_S)
        self._complaints.append(f"a table had no accepted move within {FIRST_MOVES_LIMIT_S:g} s")

    def _report_progress(self, sentence: str) -> None:
        self._print(f"{time.monotonic() - self._began:7.2f} s  {sentence}")

    def _settle(self) -> None:
        self._report_progress("the faults are over; waiting until the cluster is healthy")
        ended = time.monotonic()
        if self._nemesis.settle(RECOVERY_LIMIT_S):
            self._report_progress(f"cluster healthy {time.monotonic() - ended:.2f} s after the last fault")
        else:
            how = self._servers.describe()
            self._complaints.append(f"cluster not healthy {RECOVERY_LIMIT_S:g} s after the last fault: {how}")

    # -- the final histories --------------------------------------------------------------------------------------

    def _read_final_histories(self, recorded: RecordedHistory) -> None:
        """Read all events of all recorded rooms again."""
        with connect(self._servers.name_server, deadline_s=PATIENCE_S) as cluster:
            token = cluster.claim(_READER).token
            for row in cluster.rooms():
                recorded.rooms.setdefault(row.room, RoomHistory())
                if not row.rated:  # a match closes when both players have left; a killed client leaves later
                    self._complaints.append(f"room {row.room} ({row.title}) is still open, phase {row.phase}")
            address = rpc.look_up(parse(cluster.server, DEFAULT_PORT), MAIN, timeout_s=PATIENCE_S).address
            for room, history in recorded.rooms.items():
                try:
                    history.final = _events_of(room, token, address)
                except TicTacToeError as error:
                    self._complaints.append(f"the history of room {room} cannot be read: {error.message}")
        recorded.assign_rooms()
        for room, history in recorded.rooms.items():
            if not _has_ended(room, history.final):
                self._complaints.append(f"the match in room {room} did not end")

    def _report(self, recorded: RecordedHistory, seconds: float) -> ChaosReport:
        finals = [history.final for history in recorded.rooms.values()]
        found = asdict(check(recorded.rooms, complete=True))
        findings = {name: found[name] for name in COUNTED}
        return ChaosReport(
            command=self._options.command,
            seed=self._options.seed,
            seconds=seconds,
            injected_faults=self._nemesis.injected_faults,
            accepted=recorded.accepted,
            findings=findings,
            complaints=[*self._nemesis.complaints, *self._complaints, *recorded.surprises],
            games_finished=_count(finals, Finished),
            games_begun=_count(finals, Started),
            rooms=len(recorded.rooms),
            clients=sum(map(len, self._clients)),
            calls=recorded.calls,
            unanswered=recorded.unanswered,
            moves_acked=len(recorded.accepted),
            started_from_outside=self._nemesis.starts,
            skipped=self._servers.cannot,
        )


def _events_of(room: str, token: str, address: Address) -> list[tuple[int, Event]]:
    """Return all events of a room. A closed room is not in the lobby, but still readable."""
    place = ObjectAddress(address, room_object(room))
    client = RoomClient(
        room,
        _READER,
        token,
        lambda on_link: RetryingConnection(lambda: place, retry_policy=RetryPolicy(PATIENCE_S), on_link=on_link),
    )
    version = client.view().version
    seen: list[tuple[int, Event]] = []
    for news in client.watch(0):
        seen.extend(news.events)
        if news.view.version >= version:
            break
    return seen


def _has_ended(room: str, final: Iterable[tuple[int, Event]]) -> bool:
    """Return whether the room is not a match, or its series is over."""
    state = nothing(room)
    for _, event in final:
        state = evolve(state, event)
    return not state.is_match or state.series_is_over or state.phase == "closed"


def _count(finals: Iterable[Iterable[tuple[int, Event]]], kind: type) -> int:
    return sum(isinstance(event, kind) for final in finals for _, event in final)
