"""The settings: read once at the door from the environment and a ``.env`` file, checked, then handed down.

The environment counts over the file. Every setting is a field of ``Settings``; ``.env.example`` explains each. A value
of the wrong type or range, and a name that looks like a setting and is none, is a SettingsError that says which. What a
server is told by its settings it passes on to the servers it starts, since they get its environment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from game.moment import Limits
from server.settings_checks import complaints
from server.settings_fields import SettingsFields
from server.settings_source import SettingsError, from_environment, from_file
from wire.rpc import Address

__all__ = ["ROOT", "Settings", "SettingsError", "as_environment", "load", "settings_and_defaults"]

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings(SettingsFields):
    """All settings of a cluster, checked. Raises SettingsError."""

    def __post_init__(self) -> None:
        for complaint in complaints(self):
            raise SettingsError(complaint)

    @property
    def data(self) -> Path:
        """The folder of journals, key, locks and logs; by default where this system keeps a user's data.

        A relative DATA_FOLDER counts from the project's root, wherever a command is given; ``~`` is the user's home.
        Raises SettingsError for the home of a user who does not exist.
        """
        if self.data_folder:
            try:
                return ROOT / Path(self.data_folder).expanduser()
            except RuntimeError:
                raise SettingsError(f"DATA_FOLDER {self.data_folder} begins with the home of no user here") from None
        import platformdirs  # costs start time, and a cluster that is told its folder never needs it

        return Path(platformdirs.user_data_dir("tictactoe-cluster"))

    @property
    def piece_bytes(self) -> int:
        """About how much of a journal servers send one another in one message: well below the largest, and so little
        that it is answered in time.
        """
        return min(self.max_message_bytes // 2, 1 << 18)

    @property
    def limits(self) -> Limits:
        """What decisions in rooms have to know of the settings."""
        return Limits(self.max_people_per_room, int(self.claim_after_s * 1000))

    def public_address_of(self, role: str) -> Address:
        """The address that clients are told."""
        return Address(self.public_host or self.host_of(role), self.client_port_of(role))


_DEFAULTS: Mapping[str, str | int | float] = asdict(Settings())


def settings_and_defaults() -> Mapping[str, str | int | float]:
    """The names of all settings, as in the environment, with their defaults."""
    return {name.upper(): value for name, value in _DEFAULTS.items()}


def as_environment(settings: Settings) -> dict[str, str]:
    """The environment variables that make these settings, with the data folder spelled out."""
    plain = {field.name.upper(): str(getattr(settings, field.name)) for field in fields(settings)}
    return {**plain, "DATA_FOLDER": str(settings.data)}


def load(environment: Mapping[str, str] | None = None, file: Path | None = None) -> Settings:
    """Read the settings from the environment and, below it, from ``file`` (the project's ``.env``).

    Raises SettingsError for a value that cannot be read or is out of range, and for a name that is none of a setting.
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
    return Settings(**values)  # type: ignore[arg-type]  # every value has just been made by its field's own type
