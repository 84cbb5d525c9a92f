"""Processes of the cluster on this machine: started, begun, found and ended.

``restart_rules`` decides which process to start and to end; ``run_directory`` records which process has a role.
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
from server.supervision import code_stamp, template_socket
from server.supervision.run_directory import RunDirectory
from server.supervision.run_file import RunFile
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION

logger = structlog.get_logger()

ALREADY_RUNNING = 3
"""Exit status of a second server of a role."""
CANNOT_START = 4
"""Exit status of a server with unusable settings or ports."""
LOAD_TIMEOUT_S = 120.0
"""Seconds that Python may take to read the code before an upgrade: long, because nothing waits for it."""
STANDBY = "STANDBY"
"""The environment variable that makes a server a stand-by; servers set it for those they start."""
BEGIN = b"begin\n"
"""What a stand-by receives on its standard input when it is to become the server."""
STARTED_IN = "STARTED_IN"
"""The environment variable with the run directory (``RunDirectory.id``) in which a process was started."""
OWNER_CREATED = "OWNER_CREATED"
"""The environment variable with the start time of the process OWNER_PID, in the form of ``RunFile.created``."""
CODE = "CODE_STAMP"
"""The environment variable with the stamp of the code (``code_stamp``) that a process has."""
TEMPLATE = "template"
"""The role of the template process in run files: it is no server, and forks the three servers."""
ROLES = (NAME_SERVER, MAIN, COMMUNICATION, REPLICATION)
_SERVERS = (MAIN, COMMUNICATION, REPLICATION)
"""The roles with a script of their name. So has the template process."""


def command_of(role: str, settings: Settings) -> list[str]:
    """Return the command that starts a role, as a person types it in the project's root."""
    if role == NAME_SERVER:
        address = ["-n", settings.name_server_host, "-p", str(settings.name_server_port)]
        return [str(Path(sys.executable).with_name("pyro4-ns")), *address]
    # A forked server writes its own command over that of the template, which must be the longest.
    return [sys.executable, f"server/{role}.py", *(["forks-the-servers"] if role == TEMPLATE else [])]


def start(role: str, settings: Settings, *, standby: bool = False) -> subprocess.Popen[bytes]:
    """Start a role in the background, with these settings and, if possible, its own log file.

    A ``standby`` gets ready and waits for ``BEGIN``. It ends when its starter ends. The template process gets its
    socket as standard input. Raises OSError, also while another template process has that socket.
    """
    variables = {STANDBY: "1" if standby else "", CODE: code_on_disk()}
    with contextlib.ExitStack() as opened:
        output = opened.enter_context(log_file.open_new(settings, role))
        stdin = subprocess.PIPE if standby else subprocess.DEVNULL
        if role == TEMPLATE:
            stdin = opened.enter_context(template_socket.bound(settings)).fileno()
        return subprocess.Popen(
            command_of(role, settings),
            cwd=ROOT,
            env={**environment_of(settings), **variables},
            stdin=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in the starter's terminal must not reach it
        )


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the environment of a process with these settings."""
    own = {STANDBY: "", STARTED_IN: RunDirectory(settings).id, **_owner_variable(settings)}
    return {**os.environ, **as_environment(settings), **own}


def code_on_disk() -> str:
    """Return the stamp of the code that ``start`` would run."""
    return code_stamp.on_disk(ROOT)


def own_code() -> str:
    """Return the stamp of the code of this process."""
    return os.environ.get(CODE) or code_on_disk()


def load_error(settings: Settings) -> str:
    """Return why the servers cannot be started from the code on disk; empty if no reason is found.

    The check imports the code and loads the settings; it starts no server.
    """
    modules = ", ".join(f"server.{role}" for role in _SERVERS)
    try:
        attempt = subprocess.run(
            [sys.executable, "-c", f"import {modules}; from server.settings import load; load()"],
            check=False,
            cwd=ROOT,
            env={**os.environ, **as_environment(settings)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LOAD_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        return f"Python did not get through it within {LOAD_TIMEOUT_S:g} s."
    lines = attempt.stderr.strip().splitlines()
    return "" if attempt.returncode == 0 else (lines[-1] if lines else f"Python ended with {attempt.returncode}.")


def kill(run: RunFile, *, timeout_s: float = 5.0) -> bool:
    """End a process with SIGKILL and wait until it is gone.

    Returns False if it is not gone within ``timeout_s`` seconds, or if this user may not end it.
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
    return wait_until_gone(run, timeout_s)


def terminate(run: RunFile, *, timeout_s: float = 3.0) -> None:
    """End a process with SIGTERM where the system has that; with SIGKILL after ``timeout_s`` seconds."""
    process = run.process()
    if process is None:
        return
    with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        process.terminate()
    if not wait_until_gone(run, timeout_s):
        kill(run)


def owner_of(settings: Settings) -> RunFile | None:
    """Return the process OWNER_PID as it was when the first server was started for it.

    None if it is already gone.
    """
    pid, _, created = os.environ.get(OWNER_CREATED, "").partition(":")
    if pid == str(settings.owner_pid):
        return RunFile("owner", settings.owner_pid, float(created))
    try:
        return RunFile.of("owner", settings.owner_pid)
    except psutil.NoSuchProcess:
        return None


def _owner_variable(settings: Settings) -> dict[str, str]:
    """Return the variable that keeps a server from taking a later process with the same pid for its owner."""
    owner = owner_of(settings) if settings.owner_pid else None
    return {} if owner is None else {OWNER_CREATED: f"{owner.pid}:{owner.created}"}


def wait_until_gone(run: RunFile, timeout_s: float) -> bool:
    """Wait until a process is gone; return False if it is not gone within ``timeout_s`` seconds."""
    deadline = time.monotonic() + timeout_s
    while run.alive:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.001)
    return True


def find_runs(settings: Settings, *roles: str) -> list[RunFile]:
    """Return every process that ``start`` made in this data folder, in these roles; without roles, in any."""
    run_directory = RunDirectory(settings)
    found = []
    for process in psutil.process_iter(["cmdline"]):
        with contextlib.suppress(psutil.Error):
            role = _role_of(process.info["cmdline"] or [])
            if role in (roles or (*ROLES, TEMPLATE)) and _was_started_in(run_directory, process.environ()):
                found.append(run_directory.run_of(str(role), process.pid))
    return found


def find_name_server(settings: Settings) -> RunFile | None:
    """Return the name server that was started in this data folder, even if no run file names it.

    The oldest if there are several.
    """
    found = find_runs(settings, NAME_SERVER)
    return min(found, key=lambda run: run.created, default=None)


def kill_all(settings: Settings) -> list[RunFile]:
    """End every process that ``start`` made in this data folder; return the processes that were there."""
    found = find_runs(settings)
    for run in found:
        kill(run)
    return found


def _role_of(command: list[str]) -> str | None:
    names = [Path(word).name for word in command[:2]]
    if any(name.startswith("pyro4-ns") for name in names):
        return NAME_SERVER
    return next((role for role in (*_SERVERS, TEMPLATE) if f"{role}.py" in names), None)


def _was_started_in(run_directory: RunDirectory, environment: Mapping[str, str]) -> bool:
    # An editor that has a server's script open in a shell with our settings has the folder too, but not the mark. A
    # copy in the place of the folder has the same path and another id. Older versions did not set the id.
    is_marked = STANDBY in environment and environment.get(STARTED_IN) in (None, run_directory.id)
    return is_marked and run_directory.is_in_data_folder_of(environment)
