"""The one door for people: ``python tictactoe.py`` and its subcommands.

Only words and tables live here. What a command does is in ``server`` and ``client``, which it puts together.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Column, Table

from client.display import NoDisplay, Side, has_display
from server.cluster import CannotStart, CannotStop, Cluster, NotRunning
from server.lookout import Drains, whole
from server.settings import Settings, SettingsError, load
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION
from wire.errors import TicTacToeError

FAILED = 1
CANNOT = 2
AN_HOUR_S = 3600.0
"""Until then nobody is taken for gone."""
ALL_EVENTS = 1_000_000_000
"""The demo's cluster compacts no event away: the check in the end reads all of them anew."""
_ROLES = {
    "main": MAIN,
    "communication": COMMUNICATION,
    "replication": REPLICATION,
    "name_server": NAME_SERVER,
    "ns": NAME_SERVER,
    MAIN: MAIN,
    COMMUNICATION: COMMUNICATION,
    REPLICATION: REPLICATION,
}

app = typer.Typer(help="Tic-tac-toe on a server cluster that nobody can kill.", add_completion=False)
cluster_app = typer.Typer(help="Start, stop and look at the servers on this machine.", no_args_is_help=True)
app.add_typer(cluster_app, name="cluster")
console = Console()


@contextlib.contextmanager
def _plain_errors() -> Iterator[None]:
    """What went wrong as one line, without a traceback."""
    try:
        yield
    except (SettingsError, CannotStart, CannotStop, NotRunning, NoDisplay) as error:
        _fail(str(error))
    except TicTacToeError as error:
        _fail(error.message)
    except ModuleNotFoundError as missing:
        if missing.name not in ("tkinter", "_tkinter"):
            raise
        _fail("This Python has no tkinter. On Debian or Ubuntu: sudo apt-get install python3-tk")


def _fail(sentence: str) -> NoReturn:
    Console(stderr=True).print(sentence, style="red", markup=False, highlight=False)
    raise typer.Exit(CANNOT)


class OwnServers:
    """The servers on this machine as the windows know them: what goes wrong with them is ``CannotDo``."""

    def __init__(self, settings: Settings) -> None:
        with _as_cannot_do():
            self._cluster = Cluster(settings)
        self.name_server = self._cluster.name_server
        self.runs_here = self._cluster.runs_here
        self.look = self._cluster.look

    def start(self, on_progress: Callable[[str], None] = lambda _: None) -> None:
        with _as_cannot_do():
            self._cluster.start(on_progress)

    def kill(self, role: str) -> int:
        with _as_cannot_do():
            return self._cluster.kill(role)


@contextlib.contextmanager
def _as_cannot_do() -> Iterator[None]:
    from client.model.local_servers import CannotDo

    try:
        yield
    except (SettingsError, CannotStart, NotRunning) as error:
        raise CannotDo(str(error)) from None


@app.callback(invoke_without_command=True)
def door(
    context: typer.Context,
    name: Annotated[str, typer.Option(help="your username: go straight to the lobby")] = "",
    server: Annotated[str, typer.Option(help="host:port of the name server; by default the last one used")] = "",
    room: Annotated[str, typer.Option(help="the id of a room to go into")] = "",
    watch: Annotated[bool, typer.Option("--watch", help="watch in that room, do not play")] = False,
    side: Annotated[Side, typer.Option(hidden=True)] = Side.MIDDLE,
    scale: Annotated[float | None, typer.Option(min=0.5, max=4.0, help="2 draws everything twice as large")] = None,
) -> None:
    """Open a window: play, watch, look at the servers. Launch as many as you like."""
    if context.invoked_subcommand is not None:
        return
    with _plain_errors():
        from client.model.app import AppModel, Wishes
        from client.window.run import run_window

        settings = load()
        wishes = Wishes(name=name, server=server, room=room, watch=watch)
        own = str(settings.name_server)
        run_window(
            AppModel(own_server=own, wishes=wishes, open_servers=lambda: OwnServers(settings)),
            side=side,
            scale=scale,
        )


@app.command()
def play() -> None:
    """Start the servers if none run, and open two windows side by side, in a room of their own.

    Servers that were started are stopped when both windows are closed. Without a display bots play instead: the demo.
    """
    from client.play import play as open_two_windows

    if not has_display():
        console.print("There is no display for windows, so bots play: tictactoe.py demo.")
        return demo()
    with _plain_errors():
        cluster = Cluster(load())
        ours = not cluster.runs_here()
        if ours:
            with console.status("starting the servers"):
                cluster.start()
        try:
            open_two_windows(cluster.name_server)
        finally:
            if ours:
                with console.status("stopping the servers"):
                    cluster.stop()
    return None


@cluster_app.command()
def start() -> None:
    """Start the name server and the three servers in the background, those that do not run yet.

    A cluster that was emptied by drain, and stopped, is open again.
    """
    with _plain_errors():
        cluster = Cluster(load())
        with console.status("starting the servers") as waiting:
            up: list[str] = []

            def on_progress(role: str) -> None:
                up.append(role)
                waiting.update(f"up: {', '.join(up)}")

            cluster.start(on_progress)
        console.print(f"The cluster runs. Its name server is at {cluster.name_server}.")
        drains = cluster.drains()
        if drains is not None and drains.on:
            console.print("But it is being emptied: cluster drain --cancel opens it again.")


@cluster_app.command()
def stop() -> None:
    """Stop all four for good: nothing starts them again. What was played is there at the next start."""
    with _plain_errors():
        cluster = Cluster(load())
        with console.status("stopping the servers"):
            cluster.stop()
        console.print("The cluster is stopped.")


@cluster_app.command()
def drain(
    deadline: Annotated[
        float | None,
        typer.Option(min=0.0, max=1440.0, help="minutes after which all stops, whatever still runs"),
    ] = None,
    cancel: Annotated[bool, typer.Option("--cancel", help="call it off: open the cluster again")] = False,
) -> None:
    """Stop without throwing anybody out: no new names, rooms and games; people are told; all stops after the last game.

    Without a deadline it waits for as long as somebody plays. Ctrl-C leaves the cluster draining; say drain again to go
    on, drain --cancel to open it again. A start after the stop opens it too.
    """
    from server.closing import CalledOff, reopen
    from server.closing import drain as empty

    with _plain_errors():
        cluster = Cluster(load())
        if cancel:
            reopen(cluster)
            console.print("The cluster is open again.")
            return
        said: set[str] = set()
        try:
            with console.status("asking the main server") as waiting:

                def on_progress(seen: Drains) -> None:
                    words = _drains(seen)
                    waiting.update(words)
                    if not console.is_terminal and words not in said:  # else nobody would see it
                        said.add(words)
                        console.print(words, highlight=False)

                left = empty(cluster, deadline_s=None if deadline is None else deadline * 60, on_progress=on_progress)
        except CalledOff as called_off:
            _fail(str(called_off))
        except KeyboardInterrupt:
            _fail(
                "The cluster goes on draining, and nobody stops it. cluster drain goes on (say the deadline again),"
                " cluster drain --cancel opens it again, cluster stop stops it now."
            )
        over = f"{_games(left.games)} will go on at the next start" if left.games else "every game had come to its end"
        console.print(f"The cluster is stopped; {over}.")


def _drains(seen: Drains) -> str:
    """How far a cluster is that is being emptied."""
    ends = "after the last game" if seen.until is None else f"at {_clock(seen.until)} at the latest"
    return f"draining: {_games(seen.games)} still played, the cluster stops {ends}"


def _games(count: int) -> str:
    return f"{count} game{'' if count == 1 else 's'}"


@cluster_app.command(name="upgrade")
def upgrade_servers() -> None:
    """Replace the four servers, one after the other, by newly started ones of the code on disk, while games run."""
    from server.upgrade import CannotUpgrade, Replaced, upgrade

    def tell(replaced: Replaced) -> None:
        away = "" if replaced.away_s is None else f"away for {replaced.away_s * 1000:.0f} ms, "
        console.print(
            f"{replaced.role}: pid {replaced.old_pid} → {replaced.new_pid}, {away}whole again after "
            f"{replaced.whole_s:.1f} s",
            highlight=False,
        )

    with _plain_errors():
        cluster = Cluster(load())
        began = time.monotonic()
        try:
            with console.status("") as waiting:
                upgrade(cluster, say=waiting.update, on_replaced=tell)
        except CannotUpgrade as error:
            _fail(str(error))
        except KeyboardInterrupt:
            _fail("The rest was not replaced: old and new servers run side by side. Say cluster upgrade again.")
        console.print(f"All four servers are new, after {time.monotonic() - began:.1f} s.")


@cluster_app.command()
def status(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Show the four servers. Exit status 1 unless all run and the replica is in step."""
    with _plain_errors():
        cluster = Cluster(load())
        roles = cluster.status()
        if as_json:
            print(json.dumps([role.as_plain() for role in roles], indent=2))
        else:
            headings = ("role", "state", "pid", "epoch", "since", "rooms", "replica")
            table = Table(*(Column(heading, no_wrap=True) for heading in headings), box=SIMPLE_HEAD, pad_edge=False)
            for role in roles:
                since = None if role.started_at is None else _clock(role.started_at)
                cells = (role.role, role.state, role.pid, role.epoch, since, role.rooms, role.step)
                table.add_row(*("" if cell is None else str(cell) for cell in cells))
            console.print(table)
            for role in roles:
                if role.note:
                    console.print(f"{role.role} {role.note}", highlight=False)
                if role.draining is not None and role.draining.on:
                    console.print(_drains(role.draining), highlight=False)
        if not whole(roles):
            raise typer.Exit(FAILED)


def _clock(moment: float) -> str:
    """The time of day, with the date in front if that is not today's."""
    then = time.localtime(moment)
    today = time.strftime("%F") == time.strftime("%F", then)
    return time.strftime("%H:%M:%S" if today else "%d %b %H:%M", then)


@cluster_app.command()
def kill(role: Annotated[str, typer.Argument(help="main, communication, replication or name_server")]) -> None:
    """End a server with SIGKILL and see what happens."""
    with _plain_errors():
        known = _ROLES.get(role)
        if known is None:
            _fail(f"there is no server {role}: it is main, communication, replication or name_server")
        pid = Cluster(load()).kill(known)
        console.print(f"Killed {known}, pid {pid}.")


@app.command()
def bot(
    room: Annotated[str, typer.Argument(help="the id of a room, or: new")],
    level: Annotated[str, typer.Option(help="random, easy, medium or hard")] = "hard",
    games: Annotated[int, typer.Option(min=1, help="how many games it plays")] = 1,
    name: Annotated[str, typer.Option(help="its username; by default one of its own")] = "",
    server: Annotated[str, typer.Option(help="host:port of the name server; by default as in the settings")] = "",
) -> None:
    """A computer player, in a room that is there or in a new one. Hard never loses on 3×3."""
    from client.bot import run_bot

    with _plain_errors():
        result = run_bot(
            server or str(load().name_server), room, level=level, games=games, name=name, say=console.print
        )
        console.print(f"{result.games} games: {result.won} won, {result.lost} lost, {result.drawn} drawn.")


@app.command()
def tournament(
    games: Annotated[int, typer.Option(min=2, help="how many games each two levels play on each board")] = 50,
    looks: Annotated[int, typer.Option(min=0, help="at how many positions a level may look before a move")] = 1000,
    seed: Annotated[int, typer.Option(help="every game follows from it")] = 1,
) -> None:
    """How strong computer players are: each level against each other, without servers, on every machine the same."""
    from client.tournament import BOARDS, matches

    table = Table("board", "level", "against", "won", "drawn", "lost", box=SIMPLE_HEAD)
    for match in matches(BOARDS, games, looks, seed):
        table.add_row(match.board, match.stronger, match.weaker, str(match.won), str(match.drawn), str(match.lost))
    console.print(table)


@app.command()
def demo(
    seconds: Annotated[float, typer.Option(min=1.0, help="how long bots play")] = 20.0,
    rooms: Annotated[int, typer.Option(min=1, max=200, help="how many rooms they play in")] = 8,
    kill_every: Annotated[float, typer.Option(min=0.1, help="seconds between kills")] = 1.0,
    seed: Annotated[int, typer.Option(help="the order of kills and the bots' choices follow from it")] = 7,
    report: Annotated[Path | None, typer.Option(help="write the summary there, as JSON")] = None,
) -> None:
    """Bots play in all rooms of a cluster of its own while its servers are killed; nothing may be lost."""
    from client.demo import run_demo
    from client.demo_report import Plan
    from server.sandbox import sandbox_cluster

    with _plain_errors(), sandbox_cluster(keep_events=ALL_EVENTS) as cluster:
        plan = Plan(seconds=seconds, rooms=rooms, kill_every_s=kill_every, seed=seed)
        summary = run_demo(cluster, plan, console)
        if report is not None:
            report.write_text(json.dumps(summary.as_plain(), indent=2) + "\n")
    sys.exit(0 if summary.clean else FAILED)


@app.command()
def rush(
    people: Annotated[int, typer.Option(min=2, max=1400, help="how many press Play at once")] = 1000,
    kill_every: Annotated[float, typer.Option(min=0.1, help="seconds between kills")] = 2.0,
    seed: Annotated[int, typer.Option(help="the order of kills follows from it")] = 7,
    report: Annotated[Path | None, typer.Option(help="write the summary there, as JSON")] = None,
) -> None:
    """Very many press Play at once while servers are killed: all must be matched, all series end, nothing be lost."""
    from client.rush.report import Rush
    from client.rush.run import run_rush
    from server.sandbox import sandbox_cluster

    with _plain_errors(), sandbox_cluster(keep_events=ALL_EVENTS, away_s=AN_HOUR_S) as cluster:
        summary = run_rush(cluster, Rush(people, kill_every, seed), console.print)
    console.print_json(json.dumps(summary.as_plain()))
    if report is not None:
        report.write_text(json.dumps(summary.as_plain(), indent=2) + "\n")
    sys.exit(FAILED if summary.wrong else 0)


@app.command()
def simulate(
    schedules: Annotated[int, typer.Option(min=1, help="how many schedules, each with the next seed")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="the first seed")] = 1,
    trace: Annotated[
        bool, typer.Option("--trace", help="print the time line of what fails, or of a single one")
    ] = False,
    of: Annotated[
        str, typer.Option(help="cluster, or an example: one-copy-to-all, majority, no-write-back")
    ] = "cluster",
    broken: Annotated[str, typer.Option(help="break a rule of the cluster on purpose; ? lists them")] = "",
    jobs: Annotated[int, typer.Option(min=1, help="how many processes")] = 1,
) -> None:
    """The servers in a simulated world, where everything fails by a seed; a seed replays what it did to the byte."""
    from simulator.screen import simulate_and_show

    with _plain_errors():
        clean = simulate_and_show(console, of, seed, schedules, broken=broken, traced=trace, jobs=jobs)
    sys.exit(0 if clean else FAILED)


@app.command()
def chaos(
    minutes: Annotated[float, typer.Option(min=0.05, help="how long faults fall")] = 2.0,
    seed: Annotated[int, typer.Option(help="the faults and the players' choices follow from it")] = 7,
    report: Annotated[Path | None, typer.Option(help="write what was found there, as .json and .md")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="keep what all wrote, whatever is found")] = False,
) -> None:
    """Many clients play and watch while everything goes wrong that can; in the end every history is checked.

    On a cluster of its own, where possible in a network of its own. Exit status 0 only when nothing was found.
    """
    from client.chaos.run import Wishes, run_chaos
    from server.havoc import sandbox_havoc
    from server.own_network import enter

    # Comes back in the new network as this same command, or here when there can be none.
    no_network = enter([sys.executable, *sys.argv])
    environment = dict(os.environ)  # before the servers' clocks are set wrong by it
    with _plain_errors(), contextlib.ExitStack() as stack:
        changes = {"keep_events": ALL_EVENTS, "test_faults": load().test_faults}
        servers = stack.enter_context(sandbox_havoc(no_network=no_network, **changes))
        found = run_chaos(
            servers,
            Wishes(command=" ".join(sys.argv), seconds=minutes * 60, seed=seed),
            lambda line: print(line, flush=True),
            environment=environment,
            evidence=None if report is None else report.with_suffix(".evidence"),
            keep=keep,
        )
        print(found.as_markdown())
        if report is not None:
            found.write(report)
    sys.exit(0 if found.clean else FAILED)


@app.command()
def hostile(
    inputs: Annotated[int, typer.Option(min=100, max=1_000_000, help="how many hostile inputs")] = 20_000,
    seed: Annotated[int, typer.Option(help="the inputs follow from it")] = 1,
    rooms: Annotated[int, typer.Option(min=2, max=50, help="how many rooms honest players play in")] = 3,
    rounds: Annotated[int, typer.Option(min=1, max=100, help="how often calm and attack take turns")] = 3,
    report: Annotated[Path | None, typer.Option(help="write what was seen there: Markdown if .md, else JSON")] = None,
) -> None:
    """Attack a cluster of its own, on loopback, with bad input of all kinds while honest players play on it."""
    from client.hostile.plan import Plan
    from client.hostile.report import write
    from client.hostile.run import run_hostile
    from server.exposed import Exposed
    from server.sandbox import sandbox_cluster

    with _plain_errors(), sandbox_cluster(keep_events=ALL_EVENTS) as cluster:
        plan = Plan(inputs=inputs, seed=seed, rooms=rooms, rounds=rounds)
        seen = run_hostile(Exposed(cluster), plan, console.print)
        if report is not None:
            write(seen, report)
        console.print_json(data=seen.as_plain())
    sys.exit(0 if seen.clean else FAILED)


@app.command()
def bench(
    only: Annotated[str, typer.Option(help="one group: playing, growth, takeover, audience, size or endurance")] = "",
    quick: Annotated[bool, typer.Option("--quick", help="show that it works; the figures say little")] = False,
    report: Annotated[Path | None, typer.Option(help="write them there, as JSON; beside it a picture")] = None,
) -> None:
    """What the project promises in numbers, each measured beside a yardstick in the same run."""
    from client.bench.report import as_table, explained, write
    from client.bench.run import run_bench
    from server.measured import measured_cluster

    with _plain_errors():
        rows = run_bench(measured_cluster, console.print, only=only, quick=quick)
        if report is not None:
            write(rows, report)
        console.print(as_table(rows))
        console.print(explained(rows), highlight=False)


if __name__ == "__main__":
    app()
