"""The demo: bots play in all rooms of a cluster while its servers are killed. At the end every move is accounted for.

``screen`` shows it, and ``verify.history`` checks the histories.
"""

from __future__ import annotations

import random
import time

from rich.console import Console

from client.cluster import Cluster, connect
from game.rooms.events import Finished
from server.control.cluster import ClusterControl
from verify.demo.report import DemoPlan, DemoSummary, Kill
from verify.demo.screen import DemoScreen, show_summary
from verify.history.guarantees import check
from verify.testbed.bot_tables import BotTables
from verify.testbed.kill_schedule import ALL_SERVERS, kill_schedule
from verify.testbed.waiting import wait_until
from wire import MAIN

PACE_S = 0.03
PATIENCE_S = 90.0
_LEVELS = ("random", "random", "hard")


class Demo:
    """A running demo."""

    def __init__(self, servers: ClusterControl, plan: DemoPlan, screen: DemoScreen) -> None:
        self._servers = servers
        self._plan = plan
        self._screen = screen
        self._tables = BotTables(pace_s=PACE_S)
        screen.moves = self._tables.moves

    def run(self) -> DemoSummary:
        """Play, kill, stop, and account for every move."""
        with connect(self._servers.name_server, deadline_s=PATIENCE_S) as cluster:
            for number in range(1, self._plan.rooms + 1):
                self._open(cluster, number)
            kills = self._kill_for_a_while()
            self._screen.say("the bots have stopped; checking every move")
            self._tables.end()
        histories = self._tables.histories
        games = sum(
            isinstance(event, Finished) and event.termination != "resigned"  # only the demo resigns, to close a room
            for history in histories.values()
            for _, event in history.final
        )
        findings = check(histories, complete=False)  # not complete: the histories have only the moves of the bots
        return DemoSummary(self._plan, games, findings, tuple(self._tables.client_errors), kills)

    def _open(self, cluster: Cluster, number: int) -> None:
        """Open a room with two bots and a spectator. The first room is shown."""
        a, b, w = (f"table{number}-{letter}" for letter in "abw")
        rng = random.Random(f"{self._plan.seed}/{number}")
        on_view = self._screen.show if number == 1 else lambda _: None
        self._tables.open(cluster, f"Table {number}", (a, b, w), _LEVELS, rng, on_view)

    # -- kills ----------------------------------------------------------------------------------------------------

    def _kill_for_a_while(self) -> list[Kill]:
        began = time.monotonic()
        following = kill_schedule(self._plan.seed)
        kills: list[Kill] = []
        due = began + min(1.0, self._plan.kill_every_s)
        while due < began + self._plan.seconds:
            time.sleep(max(0.0, due - time.monotonic()))
            kills.append(self._kill(next(following), began))
            due = max(due + self._plan.kill_every_s, time.monotonic())
        time.sleep(max(0.0, began + self._plan.seconds - time.monotonic()))
        return kills

    def _kill(self, roles: tuple[str, ...], began: float) -> Kill:
        """Kill all these roles at once, and wait until the cluster is healthy again."""
        self._screen.say(f"killing {', '.join(roles)}")
        at = time.monotonic()
        for role in roles:
            self._servers.kill(role)
        killed = time.monotonic()
        if set(roles) >= set(ALL_SERVERS):
            self._screen.say("all servers are down: starting them")
            self._servers.start()
        recovery_ms = None
        if MAIN in roles:
            # Wait for this first. Checks of the servers take time from the bots, which are in this process.
            wait_until(lambda: self._accepted_after(killed) is not None, PATIENCE_S, "an accepted move")
            recovery_ms = ((self._accepted_after(killed) or killed) - killed) * 1000
        wait_until(self._servers.is_whole, PATIENCE_S, "a healthy cluster")
        whole_ms = (time.monotonic() - killed) * 1000
        recovery = "" if recovery_ms is None else f"next move accepted after {recovery_ms:.0f} ms, "
        self._screen.say(f"{recovery}cluster healthy after {whole_ms:.0f} ms")
        return Kill(roles, round(at - began, 3), recovery_ms, whole_ms)

    def _accepted_after(self, moment: float) -> float | None:
        """Return when the first move that was sent after ``moment`` was accepted, or None."""
        recent = self._tables.moves[-50 * self._plan.rooms :]
        return min((move.accepted_at for move in recent if move.sent_at >= moment), default=None)


def run_demo(servers: ClusterControl, plan: DemoPlan, console: Console) -> DemoSummary:
    """Run the demo on a running cluster, show it on the console, and print the result.

    Raises DeadlineExceeded when the cluster does not recover.
    """
    screen = DemoScreen(console)
    with screen.shown():
        summary = Demo(servers, plan, screen).run()
    show_summary(console, summary.as_plain())
    return summary
