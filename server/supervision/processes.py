"""Processes of the cluster on this machine: started, begun, found and ended.

Whom to start and end is decided in ``supervision``; which process has a role is written down in ``run_directory``.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import psutil
import structlog

from server.runtime import log_file
from server.settings import ROOT, Settings, as_environment
from server.supervision.run_directory import RunDirectory
from server.supervision.run_file import RunFile
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION

logger = structlog.get_logger()

ALREADY_RUNNING = 3
"""Exit status of a second server of a role."""
CANNOT_START = 4
"""Exit status of a server whose settings or ports are not usable."""
LOAD_LIMIT_S = 120.0
"""How long Python may take to read the code before an upgrade: long, because nothing waits for it meanwhile."""
STANDBY = "STANDBY"
"""The environment variable that makes a server a stand-by; servers set it for those they start."""
STARTED_IN = "STARTED_IN"
"""The environment variable that says in which run folder (``RunDirectory.id``) a process was started."""
OWNER_CREATED = "OWNER_CREATED"
"""The environment variable that says when the process OWNER_PID began, as ``RunFile.created`` has it."""
ROLES = (NAME_SERVER, MAIN, COMMUNICATION, REPLICATION)
_SCRIPTS = {MAIN: "main_server.py", COMMUNICATION: "communication_server.py", REPLICATION: "replication_server.py"}


def command_of(role: str, settings: Settings) -> list[str]:
    """The command that starts a role: the one a person types from the project's root."""
    if role == NAME_SERVER:
        address = ["-n", settings.name_server_host, "-p", str(settings.name_server_port)]
        return [str(Path(sys.executable).with_name("pyro4-ns")), *address]
    return [sys.executable, f"server/{_SCRIPTS[role]}"]


def start(role: str, settings: Settings, *, standby: bool = False) -> subprocess.Popen[bytes]:
    """Start a role in the background, with these settings and, where one can be made, a log file of its own.

    A ``standby`` is ready to begin but waits for ``begin`` to be called with it; it ends when its starter does.
    """
    marks = {STANDBY: "1" if standby else "", STARTED_IN: RunDirectory(settings).id, **_owner_mark(settings)}
    with log_file.open_new(settings, role, is_written_to=role == NAME_SERVER) as output:
        return subprocess.Popen(
            command_of(role, settings),
            cwd=ROOT,
            env={**os.environ, **as_environment(settings), **marks},
            stdin=subprocess.PIPE if standby else subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in the terminal of the one who starts it must not reach it
        )


def begin(standby: subprocess.Popen[bytes]) -> bool:
    """Tell a stand-by to begin; false if it is not there any more."""
    if standby.stdin is None or standby.poll() is not None:
        return False
    try:
        standby.stdin.write(b"begin\n")
        standby.stdin.close()
    except BrokenPipeError:
        return False
    return True


def told_to_begin(role: str, settings: Settings) -> bool:
    """Wait, if this process is a stand-by, until it is told to begin; false when its starter is gone instead.

    Before that it writes down that it is ready, where that can be written. Raises SettingsError.
    """
    if not os.environ.get(STANDBY):
        return True
    folder = RunDirectory(settings)
    folder.try_to_write(folder.run_of(standby_of(role), os.getpid()))
    return sys.stdin.readline() == "begin\n"


def standby_of(role: str) -> str:
    """As what the stand-by of a role is written down, once it is ready. It may be the role's server by now."""
    return f"{role}.standby"


def why_not_loadable(settings: Settings) -> str:
    """Why the servers cannot be started from what is on disk now, as far as that can be told without starting them;
    empty if they can.
    """
    modules = ", ".join(f"server.{script.removesuffix('.py')}" for script in _SCRIPTS.values())
    try:
        tried = subprocess.run(
            [sys.executable, "-c", f"import {modules}; from server.settings import load; load()"],
            check=False,
            cwd=ROOT,
            env={**os.environ, **as_environment(settings)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LOAD_LIMIT_S,
        )
    except subprocess.TimeoutExpired:
        return f"Python did not get through it within {LOAD_LIMIT_S:g} s."
    said = tried.stderr.strip().splitlines()
    return "" if tried.returncode == 0 else (said[-1] if said else f"Python ended with {tried.returncode}.")


def end(run: RunFile, *, patience_s: float = 5.0) -> bool:
    """End a process with SIGKILL and wait until it is gone; false if it is not within ``patience_s``, or may not be
    ended by this user.
    """
    process = run.process()
    if process is None:
        return True
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False
    return wait_until_gone(run, patience_s)


def end_politely(run: RunFile, *, patience_s: float = 3.0) -> None:
    """End a process in good order, where the system knows that (SIGTERM); with SIGKILL if that takes too long."""
    process = run.process()
    if process is None:
        return
    with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        process.terminate()
    if not wait_until_gone(run, patience_s):
        end(run)


def owner_of(settings: Settings) -> RunFile | None:
    """The process OWNER_PID as it was when the first server was started for it; None if it is gone already."""
    pid, created = settings.owner_pid, _owner_created(settings)
    if created is not None:
        return RunFile("owner", pid, created)
    try:
        return RunFile.of("owner", pid)
    except psutil.NoSuchProcess:
        return None


def _owner_created(settings: Settings) -> float | None:
    """When the owner began, if this process was started with that."""
    pid, _, created = os.environ.get(OWNER_CREATED, "").partition(":")
    return float(created) if pid == str(settings.owner_pid) else None


def _owner_mark(settings: Settings) -> dict[str, str]:
    """What a server is given so that it takes no later process of the same pid for its owner."""
    owner = owner_of(settings) if settings.owner_pid else None
    return {} if owner is None else {OWNER_CREATED: f"{owner.pid}:{owner.created}"}


def wait_until_gone(run: RunFile, patience_s: float) -> bool:
    """Wait until a process is gone; false if it is not within ``patience_s``."""
    deadline = time.monotonic() + patience_s
    while run.alive:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.001)
    return True


def of_cluster(settings: Settings, *roles: str) -> list[psutil.Process]:
    """Every process that ``start`` made in this data folder, in these roles or (without) any."""
    folder = RunDirectory(settings)
    found = []
    for process in psutil.process_iter(["cmdline"]):
        with contextlib.suppress(psutil.Error):
            role = _role_of(process.info["cmdline"] or [])
            if role in (roles or ROLES) and _was_started_in(folder, process.environ()):
                found.append(process)
    return found


def runs_of_cluster(settings: Settings, *roles: str) -> list[RunFile]:
    """The same as run files."""
    folder = RunDirectory(settings)
    found = []
    for process in of_cluster(settings, *roles):
        role = _role_of(process.info["cmdline"])
        with contextlib.suppress(psutil.Error):
            if role is not None:
                found.append(folder.run_of(role, process.pid))
    return found


def name_server_of(settings: Settings) -> RunFile | None:
    """The name server that was started in this data folder, also if it is in no run file; the first of several."""
    found = runs_of_cluster(settings, NAME_SERVER)
    return min(found, key=lambda run: run.created, default=None)


def end_strays(settings: Settings) -> list[RunFile]:
    """End every process that ``start`` made in this data folder; returns those that were there."""
    found = runs_of_cluster(settings)
    for run in found:
        end(run)
    return found


def _role_of(command: list[str]) -> str | None:
    names = [Path(word).name for word in command[:2]]
    if any(name.startswith("pyro4-ns") for name in names):
        return NAME_SERVER
    return next((role for role, script in _SCRIPTS.items() if script in names), None)


def _was_started_in(folder: RunDirectory, environment: Mapping[str, str]) -> bool:
    # An editor with a server's script open, in a shell with our settings, has the folder too, but not the mark. A copy
    # in the place of the folder has the path, but not the id; older versions did not say that.
    is_marked = STANDBY in environment and environment.get(STARTED_IN) in (None, folder.id)
    return is_marked and folder.is_named_in(environment)
