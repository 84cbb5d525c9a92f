"""The ``cluster`` commands for the two journals: backup, copy, restore, resolve. Texts only; see ``restoration``."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from server.control import backup_file, restoration
from server.control.cli import app, console, fail, plain_errors
from server.control.cluster import ClusterControl
from server.control.folder_copy import copy_data
from server.settings import Settings, load
from wire import MAIN, REPLICATION

__all__ = ["app"]

Result = TypeVar("Result")

KEPT = {"main": MAIN, "replica": REPLICATION, "replication": REPLICATION}
"""The names that people use for the two journals."""


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="the file to write; keep it secret, because it has the cluster's key")],
) -> None:
    """Write the whole log to a file, while people play."""
    with plain_errors():
        made = backup_file.back_up(ClusterControl(load()).settings, file)
        console.print(f"Wrote the log up to position {made.position}, epoch {made.epoch}, to {file}.", highlight=False)


@app.command()
def copy(
    folder: Annotated[Path, typer.Argument(help="the folder to create; keep it secret: it has the cluster's key")],
) -> None:
    """Copy the data folder, while people play. Servers can start in the copy, on ports of their own."""
    with plain_errors():
        copy_data(load(), folder)
        console.print(f"Copied the data folder to {folder}.", highlight=False)


@app.command()
def restore(file: Annotated[Path, typer.Argument(help="a file that cluster backup wrote")]) -> None:
    """Replace both journals with a backup. The present journals are moved to the folder archive, not deleted.

    Running servers are stopped and started again.
    """
    with plain_errors():
        restored = _while_stopped(lambda settings: restoration.restore(settings, file))
        when = time.strftime("%F %T", time.localtime(restored.made_at))
        console.print(f"Restored the log of {when}, up to position {restored.position}.", highlight=False)


@app.command()
def resolve(
    keep: Annotated[str, typer.Option(help="the journal to keep: main or replica")],
) -> None:
    """Keep one of two journals that have diverged. The other is moved to the folder archive, not deleted.

    Running servers are stopped and started again.
    """
    kept = KEPT.get(keep)
    if kept is None:
        fail(f"--keep must be main or replica, not {keep}")
    with plain_errors():
        restoration.check_resolvable(load(), kept)
        archive = _while_stopped(lambda settings: restoration.resolve(settings, kept))
        console.print(f"Kept the journal of {keep}. The other one is in {archive}.", highlight=False, soft_wrap=True)


def _while_stopped(act: Callable[[Settings], Result]) -> Result:
    """Stop the servers if they run, call ``act``, and start them again if they ran, even after an error."""
    cluster = ClusterControl(load())
    ran = cluster.runs_here()
    if ran:
        with console.status("stopping the servers"):
            cluster.stop()
    try:
        return act(cluster.settings)
    finally:
        if ran:
            with console.status("starting the servers"):
                cluster.start()
