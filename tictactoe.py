"""The entry point for people: ``python tictactoe.py`` and its subcommands.

Each command is a function. The work is done in the packages that it imports; this file connects them.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, NoReturn

try:
    import typer
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from client.desktop.display import NoDisplay, Side, has_display
    from server.control import backup_commands
    from server.control.cli import FAILED, console, fail, number, plain_errors
    from server.control.cluster import CannotStart, ClusterControl, NotRunning
    from server.control.stopping import CannotStop
    from server.runtime import standard_streams
    from server.settings import Settings, SettingsError, load
    from wire.os_errors import sentence_of
except ModuleNotFoundError as missing:
    sys.exit(
        f"This Python has no {missing.name}. In the project's root: make setup, once for each version; "
        "then, once in each terminal: . .venv/bin/activate"
    )

A_DAY_S = 86_400.0
Seed = Annotated[int, typer.Option(help="seed of all random choices")]
KillEvery = Annotated[float, typer.Option(min=0.1, max=A_DAY_S, callback=number, help="seconds between kills")]
JsonFile = Annotated[Path | None, typer.Option(help="write the summary there, as JSON")]
app = typer.Typer(help="Tic-tac-toe on a server cluster that nobody can kill.", add_completion=False)
app.add_typer(backup_commands.app, name="cluster")


@contextlib.contextmanager
def _window_errors() -> Iterator[None]:
    """Print the reason why there can be no window in a line, without a traceback."""
    try:
        yield
    except NoDisplay as error:
        fail(str(error))
    except ModuleNotFoundError as missing:
        if missing.name not in ("tkinter", "_tkinter"):
            raise
        fail("This Python has no tkinter. On Debian or Ubuntu: sudo apt-get install python3-tk")


@contextlib.contextmanager
def _as_cannot_do() -> Iterator[None]:
    from client.desktop.model.base.local_servers import CannotDo

    try:
        yield
    except (SettingsError, CannotStart, CannotStop, NotRunning) as error:
        raise CannotDo(str(error)) from None
    except OSError as error:
        raise CannotDo(sentence_of(error)) from None


class OwnServers:
    """The servers on this machine, in the form that the windows use. Failures raise ``CannotDo``."""

    @_as_cannot_do()
    def __init__(self, settings: Settings) -> None:
        self._cluster = ClusterControl(settings)
        self.name_server = self._cluster.name_server
        self.runs_here = self._cluster.runs_here
        self.snapshot = self._cluster.snapshot

    @_as_cannot_do()
    def start(self, on_progress: Callable[[str], None] = lambda _: None) -> None:
        self._cluster.start(on_progress)

    @_as_cannot_do()
    def kill(self, role: str) -> int:
        return self._cluster.kill(role)


@app.callback(invoke_without_command=True)
def open_window(
    context: typer.Context,
    name: Annotated[str, typer.Option(help="your username; skips the first screen")] = "",
    server: Annotated[str, typer.Option(help="host:port of the name server; by default the last one you used")] = "",
    room: Annotated[str, typer.Option(help="the id of a room to enter")] = "",
    watch: Annotated[bool, typer.Option("--watch", help="watch in that room instead of playing")] = False,
    side: Annotated[Side, typer.Option(hidden=True)] = Side.MIDDLE,
    scale: Annotated[
        float | None, typer.Option(min=0.5, max=4.0, callback=number, help="size of everything; 2 is twice as large")
    ] = None,
) -> None:
    """Open a window to play, to watch and to look at the servers. Open as many as you like."""
    if context.invoked_subcommand is not None:
        return
    with plain_errors(), _window_errors():
        from client.desktop.model.app import AppModel, StartOptions
        from client.desktop.window.run import run_window

        settings = load()
        options = StartOptions(name=name, server=server, room=room, watch=watch)
        own = str(settings.name_server)
        run_window(
            AppModel(own_server=own, options=options, open_servers=lambda: OwnServers(settings)),
            side=side,
            scale=scale,
        )


@app.command()
def play() -> None:
    """Open two windows side by side, in a room of their own. Start the servers if none run.

    Servers that were started are stopped when both windows are closed, unless somebody else is connected. Without a
    display, run the demo instead.
    """
    from client.desktop.two_windows import play as open_two_windows

    if not has_display():
        console.print("There is no display for windows. Running the demo instead: tictactoe.py demo.")
        return demo()
    with plain_errors(), _window_errors():
        cluster = ClusterControl(load())
        ours = not cluster.runs_here()
        if ours:
            with console.status("starting the servers"):
                cluster.start()
        try:
            open_two_windows(cluster.name_server)
        finally:
            if ours:
                _stop_unless_used(cluster)
    return None


def _stop_unless_used(cluster: ClusterControl) -> None:
    with console.status("checking whether others are connected"):
        used = cluster.has_clients()
    if used:
        console.print("Others are connected, so the servers keep running.")
        console.print("To stop them: python tictactoe.py cluster stop")
        return
    with console.status("stopping the servers"):
        cluster.stop()


@app.command()
def bot(
    room: Annotated[str, typer.Argument(help="the id of a room, or new for a new room")],
    level: Annotated[str, typer.Option(help="random, easy, medium or hard")] = "hard",
    games: Annotated[int, typer.Option(min=1, help="number of games to play")] = 1,
    name: Annotated[str, typer.Option(help="username of the bot; by default a new one")] = "",
    server: Annotated[str, typer.Option(help="host:port of the name server; by default from the settings")] = "",
) -> None:
    """Run a bot that plays in an existing room or in a new one. Level hard never loses on 3×3."""
    from client.bot import run_bot

    with plain_errors():
        result = run_bot(
            server or str(load().name_server), room, level=level, games=games, name=name, on_start=console.print
        )
        console.print(f"{result.games} games: {result.won} won, {result.lost} lost, {result.drawn} drawn.")


@app.command()
def tournament(
    games: Annotated[int, typer.Option(min=2, help="number of games of each two levels on each board")] = 50,
    looks: Annotated[int, typer.Option(min=0, help="number of positions that a level examines for a move")] = 1000,
    seed: Seed = 1,
) -> None:
    """Measure how strong the bots are: each level plays each other. Needs no servers; a seed gives the same games."""
    from bench.measures.bot_strength import BOARDS, matches

    table = Table("board", "level", "against", "won", "drawn", "lost", box=SIMPLE_HEAD)
    for match in matches(BOARDS, games, looks, seed):
        table.add_row(match.board, match.stronger, match.weaker, str(match.won), str(match.drawn), str(match.lost))
    console.print(table)


def _exit_by(check: Callable[[], bool]) -> NoReturn:
    """Run a check, and exit with 0 if it found nothing. An error is printed as one line."""
    with plain_errors():
        clean = check()
    sys.exit(0 if clean else FAILED)


@app.command()
def demo(
    seconds: Annotated[float, typer.Option(min=1.0, max=A_DAY_S, callback=number, help="seconds of play")] = 20.0,
    rooms: Annotated[int, typer.Option(min=1, max=200, help="number of rooms")] = 8,
    kill_every: KillEvery = 1.0,
    seed: Seed = 7,
    report: JsonFile = None,
) -> None:
    """Let bots play on a test cluster while its servers are killed. Check that nothing is lost."""
    from verify import commands
    from verify.demo.report import DemoPlan

    _exit_by(lambda: commands.demo(DemoPlan(seconds, rooms, kill_every, seed), console, report))


@app.command("load")
@app.command("rush", hidden=True)  # the name of earlier versions
def load_test(
    people: Annotated[int, typer.Option(min=2, max=1400, help="number of people who press Play at once; even")] = 1000,
    kill_every: KillEvery = 2.0,
    seed: Seed = 7,
    report: JsonFile = None,
) -> None:
    """Load test: many people press Play at once while servers are killed.

    Check that all are matched, that all series end, and that nothing is lost.
    """
    from verify import commands
    from verify.load.report import LoadPlan

    _exit_by(lambda: commands.load(LoadPlan(people, kill_every, seed), console, report))


@app.command()
def simulate(
    schedules: Annotated[int, typer.Option(min=1, help="number of schedules, each with the next seed")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="the first seed")] = 1,
    trace: Annotated[
        bool, typer.Option("--trace", help="print the time line of a schedule that fails, or of a single schedule")
    ] = False,
    of: Annotated[
        str, typer.Option(help="what to simulate: cluster, or an example (one-copy-to-all, majority, no-write-back)")
    ] = "cluster",
    broken: Annotated[str, typer.Option(help="break a rule of the cluster on purpose; ? lists the rules")] = "",
    jobs: Annotated[int, typer.Option(min=1, max=256, help="number of processes")] = 1,
) -> None:
    """Simulate the servers under faults that follow from a seed. The same seed gives the same bytes."""
    from simulator.screen import simulate_and_show

    _exit_by(lambda: simulate_and_show(console, of, seed, schedules, broken=broken, traced=trace, jobs=jobs))


@app.command()
def chaos(
    minutes: Annotated[
        float, typer.Option(min=0.05, max=A_DAY_S / 60, callback=number, help="minutes of faults")
    ] = 2.0,
    seed: Seed = 7,
    report: Annotated[Path | None, typer.Option(help="write the result there, as .json and .md")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="keep all files, whatever the result")] = False,
) -> None:
    """Chaos test: many clients play and watch under faults of all kinds. Check every history at the end.

    Uses a test cluster. Exit status 0 only if nothing was found.
    """
    from verify import commands
    from verify.chaos.run import ChaosOptions

    options = ChaosOptions(command=" ".join(sys.argv), seconds=minutes * 60, seed=seed)
    _exit_by(lambda: commands.chaos(options, report, keep=keep))


@app.command()
@app.command("hostile", hidden=True)  # the name of earlier versions
def fuzz(
    inputs: Annotated[int, typer.Option(min=100, max=1_000_000, help="number of bad inputs")] = 20_000,
    seed: Seed = 1,
    rooms: Annotated[int, typer.Option(min=2, max=50, help="number of rooms in which bots play by the rules")] = 3,
    rounds: Annotated[int, typer.Option(min=1, max=100, help="number of rounds, each calm and then an attack")] = 3,
    report: Annotated[Path | None, typer.Option(help="write the result there: Markdown if .md, otherwise JSON")] = None,
) -> None:
    """Fuzz test: send bad input of all kinds to a test cluster on loopback while bots play there by the rules."""
    from verify import commands
    from verify.fuzz.attack import FuzzPlan

    _exit_by(lambda: commands.fuzz(FuzzPlan(inputs, seed, rooms, rounds), console, report))


@app.command()
def bench(
    only: Annotated[
        str, typer.Option(help="one group: playing, growth, takeover, recovery, audience, size or endurance")
    ] = "",
    quick: Annotated[bool, typer.Option("--quick", help="a short run; its figures are not reliable")] = False,
    with_peers: Annotated[bool, typer.Option("--peers", help="also other servers; bench/peers/setup.sh first")] = False,
    report: Annotated[Path | None, typer.Option(help="write the figures there, as JSON, and a picture")] = None,
) -> None:
    """Measure what the project promises in numbers, each beside a yardstick of the same run."""
    from bench.measured_cluster import measured_cluster
    from bench.report import as_table, explained, write
    from bench.run import run_bench

    with plain_errors():
        run = run_bench(measured_cluster, console.print, only=only, quick=quick, with_peers=with_peers)
        if report is not None:
            write(run, report)
        console.print(as_table(run))
        console.print(explained(run), highlight=False)


if __name__ == "__main__":
    standard_streams.open_missing()
    app()
