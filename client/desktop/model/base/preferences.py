"""What the windows store on this machine: recent names and servers, the theme, muted people.

Tokens are in ``credentials``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import platformdirs
import structlog

from client.desktop.model.base.window_lock import SignIn, WindowLock
from wire.atomic_files import replace_file

KEPT = 8
KEPT_MUTED = 200
LONGEST_TEXT = 300
"""The longest name or address, in characters. Longer texts are ignored."""

Theme = Literal["light", "dark"]

logger = structlog.get_logger()


class Preferences:
    """Settings in a file. A file that cannot be read or written loses settings, and never stops the game."""

    def __init__(self, file: Path | None = None) -> None:
        """``file``: by default in the system's folder for a user's settings."""
        self._file = file or Path(platformdirs.user_config_dir("tictactoe")) / "window.json"
        self._in_use = WindowLock(self._file.parent)
        plain = self._read()
        self.recent: tuple[SignIn, ...] = _sign_ins(plain.get("recent"))
        """The recent names and servers, the latest first, each pair once."""
        self.theme: Theme = "dark" if plain.get("theme") == "dark" else "light"
        self.muted: tuple[str, ...] = _names(plain.get("muted"))
        """The muted people, the latest last."""
        self.hides_spectators = plain.get("hides_watchers") is True
        """Whether the lines of spectators are hidden."""

    @property
    def servers(self) -> list[str]:
        """The recent servers, the latest first."""
        return list(dict.fromkeys(sign_in.server for sign_in in self.recent))

    def name_on(self, server: str) -> str:
        """Return the name last used on a server, otherwise the last name anywhere; empty if there is none.

        Names that another window uses on that server now are left out.
        """
        names = [sign_in.name for sign_in in self.recent if sign_in.server == server]
        names += [sign_in.name for sign_in in self.recent]
        return next((name for name in names if not self._in_use.is_held_elsewhere(SignIn(server, name))), "")

    def remember(self, sign_in: SignIn) -> None:
        """Store a successful sign-in, to offer it first next time.

        No other window offers it while this window is open.
        """
        self._in_use.acquire(sign_in)
        others = [known for known in self.recent if known != sign_in]
        self.recent = (sign_in, *others)[:KEPT]
        self._write()

    def use_theme(self, theme: Theme) -> None:
        """Store the theme for the next start."""
        self.theme = theme
        self._write()

    def mute(self, name: str, on: bool) -> None:
        """Mute that person, or unmute."""
        others = tuple(known for known in self.muted if known != name)
        self.muted = (*others, name)[-KEPT_MUTED:] if on else others
        self._write()

    def hide_spectators(self, on: bool) -> None:
        """Hide the lines of spectators, or show them."""
        self.hides_spectators = on
        self._write()

    def release_name(self) -> None:
        """Release the name after signing out, so that another window may offer it."""
        self._in_use.release()

    def _read(self) -> Mapping[str, Any]:
        try:
            plain = json.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            logger.warning("preferences cannot be read", file=str(self._file), why=str(error))
            return {}
        return plain if isinstance(plain, dict) else {}

    def _write(self) -> None:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            plain = {
                "recent": [asdict(one) for one in self.recent],
                "theme": self.theme,
                "muted": self.muted,
                "hides_watchers": self.hides_spectators,
            }
            replace_file(self._file, json.dumps(plain, indent=2))
        except OSError as error:
            logger.warning("preferences cannot be written", file=str(self._file), why=str(error))


def _sign_ins(plain: object) -> tuple[SignIn, ...]:
    """Return the entries that can be decoded."""
    ones = [one for one in plain if isinstance(one, dict)] if isinstance(plain, list) else []
    found = [
        SignIn(one["server"], one["name"]) for one in ones if _is_text(one.get("server")) and _is_text(one.get("name"))
    ]
    return tuple(found[:KEPT])


def _names(plain: object) -> tuple[str, ...]:
    """Return the entries that can be names."""
    return tuple(name for name in plain if _is_text(name))[-KEPT_MUTED:] if isinstance(plain, list) else ()


def _is_text(value: object) -> bool:
    """Return whether it can be a name or an address: short and printable."""
    return isinstance(value, str) and len(value) <= LONGEST_TEXT and value.isprintable()
