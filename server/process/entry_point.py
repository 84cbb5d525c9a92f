"""Runs a server script: reads settings, takes the lock of the role, builds the server, serves, ends with a status.

A stand-by has imported everything, and waits before it takes the lock.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

import structlog

from server.process import late_imports
from server.process.server_process import ServerProcess
from server.process.tasks import LATER_S
from server.runtime import arguments, standard_streams, this_machine
from server.runtime.log_file import LogFile
from server.settings import Settings, SettingsError, load
from server.supervision import processes
from server.supervision.run_directory import AlreadyRunning
from server.telemetry import logs
from wire import MAIN, REPLICATION
from wire.errors import StorageFailed, Unreachable
from wire.os_errors import sentence_of

logger = structlog.get_logger()


def main(role: str, build: Callable[[ServerProcess], None]) -> NoReturn:
    """Run a server script for ``role``. ``build`` adds what the role needs. Exit with a status."""
    standard_streams.open_missing()
    arguments.check(role, sys.argv[1:])
    settings = None
    try:
        settings = load()
        logs.set_up(role, settings.log_level, settings.log_format)
        if role in (MAIN, REPLICATION):
            this_machine.check_one_machine(settings)
        log_file = LogFile(settings, role)
        if os.environ.get(processes.STANDBY):
            late_imports.import_all()
            if sys.stdin.readline() != processes.BEGIN.decode():
                sys.exit(0)  # the starter is gone
        gc.set_threshold(20_000)  # few objects are in cycles; at the default, collections take 3 % of a busy server
        gc.freeze()  # imported objects stay, so collections need not scan them, above all in a takeover
        process = ServerProcess(role, settings)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: process.end())
        process.retries["log"] = log_file.retries
        process.in_background("log", lambda: log_file.run(process.go_on, process.pause), after_s=LATER_S)
        late_imports.begin(process.loop)
        build(process)
        process.run()
    except AlreadyRunning as error:
        _fail(str(error), processes.ALREADY_RUNNING, settings)
    except (SettingsError, Unreachable, StorageFailed) as error:
        _fail(str(error), processes.CANNOT_START, settings)
    except OSError as error:
        _fail(sentence_of(error), processes.CANNOT_START, settings)
    logs.flush()
    os._exit(0)  # calls that still wait would delay the end


def _fail(message: str, status: int, settings: Settings | None) -> NoReturn:
    """Exit with an error message for people. If the settings select JSON, log the message instead."""
    if settings is not None and settings.log_format == "json":
        logger.error("cannot serve", why=message)
    else:
        with contextlib.suppress(OSError):
            sys.stderr.write(f"{message}\n")
    logs.flush()
    os._exit(status)  # in a normal exit, a log that cannot be written would change the status
