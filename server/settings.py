"""Every setting: its default, its allowed values, and how it is read from the environment and a ``.env`` file.

The environment has priority over the file. ``.env.example`` explains each setting. A value of the wrong type or range
raises a SettingsError with the name of the setting. So does a name that looks like a setting and is none. A server
passes its environment, and so its settings, to the servers that it starts.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from game.context import Limits
from server.settings_addresses import AddressSettings, address_problems
from server.settings_source import SettingsError, from_environment, from_file
from server.telemetry import logs

__all__ = ["ROOT", "Settings", "SettingsError", "as_environment", "load", "settings_and_defaults"]

ROOT = Path(__file__).resolve().parent.parent

_CHOICES = {
    "durability": ("os", "fsync"),
    "event_loop": ("auto", "uvloop", "asyncio"),
    "log_format": logs.FORMATS,
    "log_level": logs.LEVELS,
}
"""The allowed values of settings that are words."""
_LONGEST_S = 1e7
_LEAST_MESSAGE = 1 << 16
_LEAST_LOG = 1 << 16


@dataclass(frozen=True)
class Settings(AddressSettings):
    """All settings of a cluster, checked. Raises SettingsError. The hosts and ports are in ``AddressSettings``.

    The environment variable of a field is its name in capitals.
    """

    data_folder: str = ""
    cluster_key: str = ""
    durability: str = "os"
    event_loop: str = "auto"
    heartbeat_s: float = 0.25
    hang_s: float = 1.2
    append_timeout_s: float = 0.7
    start_grace_s: float = 15.0
    start_limit_s: float = 15.0
    recovery_wait_s: float = 3.0
    max_message_bytes: int = 1 << 20
    max_connections: int = 4096
    max_connections_per_host: int = 3072
    max_rooms: int = 20_000
    max_names: int = 100_000
    max_people_per_room: int = 1500
    max_people_per_room_per_host: int = 1200
    max_names_per_host: int = 5000
    max_new_names_per_host_per_hour: int = 5000
    max_kept_names: int = 50_000
    max_kept_names_per_host: int = 1000
    max_rooms_per_name: int = 100
    max_rooms_per_host: int = 4000
    max_new_rooms_per_name_per_hour: int = 1000
    max_seats_per_name: int = 500
    max_bot_matches: int = 48
    max_bot_matches_per_host: int = 32
    max_wait_s: float = 30.0
    idle_connection_s: float = 120.0
    room_idle_s: float = 600.0
    room_expire_s: float = 86_400.0
    away_s: float = 60.0
    claim_after_s: float = 60.0
    name_grace_s: float = 3600.0
    snapshot_every: int = 32
    keep_events: int = 2000
    keep_closed_rooms: int = 1000
    max_log_bytes: int = 1 << 24
    keep_logs: int = 20
    scrub_rows_per_s: int = 500
    scrub_every_s: float = 3600.0
    log_level: str = "info"
    log_format: str = "text"
    owner_pid: int = 0
    test_faults: str = ""

    def __post_init__(self) -> None:
        for problem in _problems(self):
            raise SettingsError(problem)

    @property
    def data(self) -> Path:
        """The folder of journals, key, locks and logs; by default where this system keeps a user's data.

        A relative DATA_FOLDER counts from the project's root, not from the working directory. ``~`` is the user's home.
        Raises SettingsError for the home of a user who does not exist.
        """
        if self.data_folder:
            try:
                return ROOT / Path(self.data_folder).expanduser()
            except RuntimeError:
                raise SettingsError(f"DATA_FOLDER {self.data_folder} begins with the home of no user here") from None
        import platformdirs  # slow to import, and not needed with a DATA_FOLDER

        return Path(platformdirs.user_data_dir("tictactoe-cluster"))

    @property
    def piece_bytes(self) -> int:
        """About how many bytes of a journal servers send in one message.

        This is well below the largest message, and small enough for an answer in time.
        """
        return min(self.max_message_bytes // 2, 1 << 18)

    @property
    def limits(self) -> Limits:
        """The settings that decisions in rooms need."""
        return Limits(self.max_people_per_room, int(self.claim_after_s * 1000))


# -- rules ------------------------------------------------------------------------------------------------------------


def _problems(settings: Settings) -> Iterator[str]:
    yield from _choices(settings)
    yield from _ranges(settings)
    yield from _times(settings)
    yield from _folder(settings)
    yield from address_problems(settings)


def _choices(settings: Settings) -> Iterator[str]:
    for name, allowed in _CHOICES.items():
        if getattr(settings, name) not in allowed:
            yield f"{name.upper()} must be one of {', '.join(allowed)}"
    if settings.event_loop == "uvloop" and importlib.util.find_spec("uvloop") is None:
        yield "EVENT_LOOP is uvloop, which is not installed here: leave it at auto, or install uvloop"


def _ranges(settings: Settings) -> Iterator[str]:
    for field in fields(settings):
        name, value = field.name, getattr(settings, field.name)
        if name.endswith("_s") and not 0 < value <= _LONGEST_S:
            yield f"{name.upper()} must be a number of seconds above 0"
        counts = name.startswith(("max_", "keep_", "snapshot_")) and not name.endswith("_s")
        if counts and value < 1:
            yield f"{name.upper()} must be 1 or more"
    if settings.max_message_bytes < _LEAST_MESSAGE:
        yield f"MAX_MESSAGE_BYTES must be {_LEAST_MESSAGE} or more"
    if settings.max_log_bytes < _LEAST_LOG:
        yield f"MAX_LOG_BYTES must be {_LEAST_LOG} or more"


def _times(settings: Settings) -> Iterator[str]:
    if settings.hang_s <= settings.heartbeat_s + settings.append_timeout_s:
        yield "HANG_S must be longer than HEARTBEAT_S and APPEND_TIMEOUT_S together"
    if settings.away_s <= settings.max_wait_s:
        yield "AWAY_S must be longer than MAX_WAIT_S"
    if settings.name_grace_s <= settings.max_wait_s:
        yield "NAME_GRACE_S must be longer than MAX_WAIT_S"


def _folder(settings: Settings) -> Iterator[str]:
    variable = re.match(r"\$\{?\w+\}?", settings.data_folder)
    if variable:
        yield f"DATA_FOLDER begins with {variable[0]}, which is not replaced: write it out, or begin with ~"
    if "\0" in settings.data_folder:
        yield "DATA_FOLDER must be the name of a folder"


# -- reading ----------------------------------------------------------------------------------------------------------


_DEFAULTS: Mapping[str, str | int | float] = asdict(Settings())


def settings_and_defaults() -> Mapping[str, str | int | float]:
    """Return the names of all settings, as in the environment, with their defaults."""
    return {name.upper(): value for name, value in _DEFAULTS.items()}


def as_environment(settings: Settings) -> dict[str, str]:
    """Return the environment variables that make these settings, with the data folder written out."""
    plain = {field.name.upper(): str(getattr(settings, field.name)) for field in fields(settings)}
    return {**plain, "DATA_FOLDER": str(settings.data)}


def load(environment: Mapping[str, str] | None = None, file: Path | None = None) -> Settings:
    """Read the settings from the environment and, below it, from ``file`` (by default the project's ``.env``).

    Raises SettingsError for a value that cannot be read or is out of range, and for a name that is not a setting.
    """
    known = settings_and_defaults().keys()
    given = from_file(file if file is not None else ROOT / ".env", known)
    given.update(from_environment(os.environ if environment is None else environment, known))
    values: dict[str, object] = {}
    for field in fields(Settings):
        text = given.get(field.name.upper())
        if text is None:
            continue
        kind: type[str | int | float] = type(_DEFAULTS[field.name])
        try:
            values[field.name] = kind(text.strip())
        except ValueError:
            what = "a whole number" if kind is int else "a number"
            raise SettingsError(f"{field.name.upper()} must be {what}, not {text!r}") from None
    return Settings(**values)  # type: ignore[arg-type]  # each value has the type of its field
