"""The settings: read once from the environment and a ``.env`` file, checked, then passed on.

The environment has priority over the file. Every setting is a field of ``Settings``; ``.env.example`` explains each. A
value of the wrong type or range raises a SettingsError with the name of the setting. So does a name that looks like a
setting and is none. A server passes its environment, and so its settings, to the servers that it starts.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from game.context import Limits
from server.settings_checks import problems
from server.settings_fields import SettingsFields
from server.settings_source import SettingsError, from_environment, from_file
from wire.rpc import Address

__all__ = ["ROOT", "Settings", "SettingsError", "as_environment", "load", "settings_and_defaults"]

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings(SettingsFields):
    """All settings of a cluster, checked. Raises SettingsError."""

    def __post_init__(self) -> None:
        for problem in problems(self):
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

    def public_address_of(self, role: str) -> Address:
        """Return the address that clients get."""
        return Address(self.public_host or self.host_of(role), self.client_port_of(role))


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
