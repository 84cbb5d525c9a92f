"""Keeps the process of the house bot running while there is a match for it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence

import structlog

from server.runtime import log_file
from server.runtime.effects import Blocking, Effects, Sleep
from server.settings import ROOT, Settings, as_environment

ROLE = "house_bot"
"""The name of its process in logs."""
CHECK_EVERY_S = 0.2
RESTART_S = 1.0

logger = structlog.get_logger()


class HouseBotProcess:
    """Starts the house bot, and starts it again when it dies. The bot ends by itself when this process ends."""

    def __init__(self, settings: Settings, matches: Callable[[], Sequence[str]]) -> None:
        """``matches``: returns the rooms of the bot's running matches."""
        self._settings = settings
        self._matches = matches
        self._child: subprocess.Popen[bytes] | None = None  # None when no bot runs, as far as known

    def run(self) -> Effects[None]:
        """Keep the bot running. Never ends."""
        while True:
            yield Sleep(CHECK_EVERY_S)
            if self._child is not None and self._child.poll() is not None:
                logger.warning("house bot ended", status=self._child.returncode)
                self._child = None
                yield Sleep(RESTART_S)
            if self._child is None and self._matches():
                self._child = yield Blocking(self._start)

    def end(self) -> None:
        """Kill the bot and wait for its end."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None

    def _start(self) -> subprocess.Popen[bytes]:
        with log_file.open_new(self._settings, ROLE) as output:
            return subprocess.Popen(
                [sys.executable, "server/house_bot.py"],
                cwd=ROOT,
                env={**os.environ, **as_environment(self._settings)},
                stdin=subprocess.PIPE,  # closes when this process dies in any way; then the bot ends
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in the terminal must not reach the bot
            )
