"""Recoveries of servers that died or hung and were replaced: when, and how long each took. For people only.

Each role has a small file in the run directory. So any server can report it, also after all processes died. When two
supervisors write at the same moment, a record may be lost. No decision depends on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec
import structlog
from msgspec import Struct

from server.settings import Settings
from wire.atomic_files import replace_file

MOST_KEPT = 20

logger = structlog.get_logger()


class Recovery(Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing served the role for ``took_s`` seconds from ``at`` (seconds since 1970). Now ``pid`` does."""

    role: str
    pid: int
    at: float
    took_s: float


class RecoveryLog:
    """The last ``MOST_KEPT`` recoveries of each role."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.data / "run"

    def add(self, recovery: Recovery) -> None:
        """Add a recovery."""
        kept = [*self._read(recovery.role), recovery][-MOST_KEPT:]
        file = self._file(recovery.role)
        try:
            replace_file(file, msgspec.json.encode(kept).decode())
        except OSError as error:
            logger.warning("recovery log not written", other=recovery.role, why=str(error))

    def last(self, roles: Iterable[str]) -> list[Recovery]:
        """Return the last recoveries of all these roles together, the latest first."""
        found = [recovery for role in roles for recovery in self._read(role)]
        return sorted(found, key=lambda recovery: recovery.at, reverse=True)[:MOST_KEPT]

    def _read(self, role: str) -> list[Recovery]:
        try:
            return msgspec.json.decode(self._file(role).read_bytes(), type=list[Recovery])
        except FileNotFoundError:
            return []
        except (OSError, msgspec.DecodeError) as error:
            logger.warning("recovery log unreadable", other=role, why=str(error))
            return []

    def _file(self, role: str) -> Path:
        return self._folder / f"{role}.recoveries.json"
