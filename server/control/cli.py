"""The ``cluster`` commands: start, stop, drain, upgrade, show and kill the servers on this machine.

This module has only texts and tables. ``cluster``, ``drain_command`` and ``upgrade`` do the work.
"""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Iterator, Mapping
from typing import Annotated, NoReturn

import typer
from msgspec import to_builtins
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Column, Table

from server.control.backup_file import NoBackup
from server.control.cluster import CannotStart, ClusterControl, NotRunning
from server.control.restoration import NothingToResolve
from server.control.stopping import CannotStop
from server.settings import SettingsError, load
from server.supervision.processes import TEMPLATE
from server.supervision.restart_rules import STAND_DOWN_S
from server.supervision.role_status import IN_STEP, DrainStatus, log_is_complete, whole
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION
from wire.errors import TicTacToeError
from wire.os_errors import sentence_of

FAILED = 1
"""Exit status when the result of a check is negative."""
CANNOT = 2
"""Exit status when a command failed."""
ROLE_OF = {
    "main": MAIN,
    "communication": COMMUNICATION,
    "replication": REPLICATION,
    "name_server": NAME_SERVER,
    "ns": NAME_SERVER,
    TEMPLATE: TEMPLATE,
    MAIN: MAIN,
    COMMUNICATION: COMMUNICATION,
    REPLICATION: REPLICATION,
}
"""The names that people use for the servers."""
SHOWN_STEPS: Mapping[str | None, str] = {IN_STEP: "in sync", "waiting for office": "waiting to be primary"}
"""What people read for a ``step`` of the status; other steps are shown as they are."""

app = typer.Typer(help="Start, stop, show, upgrade and back up the servers on this machine.", no_args_is_help=True)
console = Console()


def number(value: float | None) -> float | None:
    """Return the value of an option. A range alone does not exclude "nan". Raises BadParameter."""
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"{value} is not a finite number.")
    return value


@contextlib.contextmanager
def plain_errors() -> Iterator[None]:
    """Print an error as one line, without a traceback."""
    try:
        yield
    except (SettingsError, CannotStart, CannotStop, NoBackup, NotRunning, NothingToResolve) as error:
        fail(str(error))
    except BrokenPipeError:
        raise  # for example "| head": no message needed
    except OSError as error:
        fail(sentence_of(error))
    except TicTacToeError as error:
        fail(error.message)


def fail(sentence: str) -> NoReturn:
    """Print the reason and end the command."""
    Console(stderr=True).print(sentence, style="red", markup=False, highlight=False)
    raise typer.Exit(CANNOT)


@app.command()
def start() -> None:
    """Start the name server and the three servers in the background. Servers that run are left alone.

    After a drain, this opens the cluster again.
    """
    with plain_errors():
        cluster = ClusterControl(load())
        with console.status("starting the servers") as waiting:
            up: list[str] = []

            def on_progress(role: str) -> None:
                up.append(role)
                waiting.update(f"started: {', '.join(up)}")

            cluster.start(on_progress)
        console.print(f"The cluster is running. Its name server is at {cluster.name_server}.")
        draining = cluster.drain_status()
        if draining is not None and draining.on:
            console.print("The cluster is draining. To open it again: cluster drain --cancel")


@app.command()
def stop() -> None:
    """Stop all four servers; nothing starts them again. The next start has all rooms and games."""
    with plain_errors():
        cluster = ClusterControl(load())
        try:
            with console.status("stopping the servers"):
                cluster.stop()
        except KeyboardInterrupt:
            fail(
                f"The cluster is not stopped: servers that still run start the others again after {STAND_DOWN_S:g} s."
                " Run cluster stop again."
            )
        console.print("The cluster is stopped.")
        if left := cluster.foreign_name_server():
            console.print(left, highlight=False)


@app.command()
def drain(
    deadline: Annotated[
        float | None,
        typer.Option(min=0.0, max=1440.0, callback=number, help="minutes after which the servers stop in any case"),
    ] = None,
    cancel: Annotated[bool, typer.Option("--cancel", help="cancel the drain: open the cluster again")] = False,
) -> None:
    """Stop after the last game: allow no new names, rooms and games, notify the users, wait, then stop the servers.

    Without a deadline, wait as long as games are running. After Ctrl-C the cluster stays draining: run drain again to
    continue, or drain --cancel to open it again. The next start opens it, too.
    """
    from server.control.drain_command import DrainCancelled, reopen
    from server.control.drain_command import drain as drain_and_stop

    with plain_errors():
        cluster = ClusterControl(load())
        if cancel:
            reopen(cluster)
            console.print("The cluster is open again.")
            return
        printed: set[str] = set()
        try:
            with console.status("calling the main server") as waiting:

                def on_progress(seen: DrainStatus) -> None:
                    text = _drain_text(seen)
                    waiting.update(text)
                    if not console.is_terminal and text not in printed:  # else the text would not be visible
                        printed.add(text)
                        console.print(text, highlight=False)

                left = drain_and_stop(
                    cluster, deadline_s=None if deadline is None else deadline * 60, on_progress=on_progress
                )
        except DrainCancelled as cancelled:
            fail(str(cancelled))
        except KeyboardInterrupt:
            fail(
                "The cluster is still draining, but does not stop after the last game. To continue: cluster drain"
                " (with its deadline). To open it again: cluster drain --cancel. To stop it now: cluster stop."
            )
        over = f"{_games(left.games)} will continue after the next start" if left.games else "no game was running"
        console.print(f"The cluster is stopped; {over}.")


def _drain_text(seen: DrainStatus) -> str:
    """Return the progress of a drain as a text."""
    ends = "after the last game" if seen.until is None else f"at {_clock(seen.until)} at the latest"
    return f"draining: {_games(seen.games)} running, the cluster stops {ends}"


def _games(count: int) -> str:
    return f"{count} game{'' if count == 1 else 's'}"


@app.command(name="upgrade")
def upgrade_servers() -> None:
    """Replace the four servers one by one with the code on disk, while people play."""
    from server.control.upgrade import CannotUpgrade, Replaced, upgrade

    def on_replaced(replaced: Replaced) -> None:
        away = "" if replaced.away_s is None else f"unavailable for {replaced.away_s * 1000:.0f} ms, "
        console.print(
            f"{replaced.role}: pid {replaced.old_pid} → {replaced.new_pid}, {away}cluster complete "
            f"after {replaced.whole_s:.1f} s",
            highlight=False,
            soft_wrap=True,
        )

    with plain_errors():
        cluster = ClusterControl(load())
        began = time.monotonic()
        try:
            with console.status("") as waiting:
                upgrade(cluster, on_step=waiting.update, on_replaced=on_replaced)
        except CannotUpgrade as error:
            fail(str(error))
        except KeyboardInterrupt:
            fail("Not all servers were replaced: old and new ones run side by side. Run cluster upgrade again.")
        console.print(f"All four servers were replaced in {time.monotonic() - began:.1f} s.")


@app.command()
def status(as_json: Annotated[bool, typer.Option("--json", help="print JSON, for programs")] = False) -> None:
    """Show the four servers, and the template process that forks them.

    Exit status 1 unless the four run, the replica is in sync and no row is damaged.
    """
    with plain_errors():
        cluster = ClusterControl(load())
        roles = cluster.status()
        shown = [*roles, cluster.template_status()]
        if as_json:
            print(json.dumps(to_builtins(shown), indent=2))
        else:
            headings = ("role", "state", "pid", "epoch", "since", "rooms", "replica")
            table = Table(*(Column(heading, no_wrap=True) for heading in headings), box=SIMPLE_HEAD, pad_edge=False)
            for role in shown:
                since = None if role.started_at is None else _clock(role.started_at)
                replica = SHOWN_STEPS.get(role.step, role.step)
                cells = (role.role, role.state, role.pid, role.epoch, since, role.rooms, replica)
                table.add_row(*("" if cell is None else str(cell) for cell in cells))
            console.print(table)
            for role in roles:
                if role.note:
                    console.print(f"{role.role} {role.note}", highlight=False)
                if role.draining is not None and role.draining.on:
                    console.print(_drain_text(role.draining), highlight=False)
        if not (whole(roles) and log_is_complete(roles)):
            raise typer.Exit(FAILED)


def _clock(moment: float) -> str:
    """Return the time of day, with the date in front if that is not today."""
    then = time.localtime(moment)
    today = time.strftime("%F") == time.strftime("%F", then)
    return time.strftime("%H:%M:%S" if today else "%d %b %H:%M", then)


@app.command()
def kill(
    role: Annotated[str, typer.Argument(help="main, communication, replication, name_server or template")],
) -> None:
    """Kill a server with SIGKILL. The others start it again."""
    with plain_errors():
        role_name = ROLE_OF.get(role)
        if role_name is None:
            fail(f"unknown server {role}: give main, communication, replication, name_server or template")
        pid = ClusterControl(load()).kill(role_name)
        console.print(f"Killed {role_name}, pid {pid}.")
