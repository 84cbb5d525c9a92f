"""The user's tokens, remembered on this machine: one file, readable by its owner alone.

Whoever has a token has the name that belongs to it. Several clients may use the file at once.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import filelock

from game.accounts.names import name_key
from wire.addresses import Address, parse
from wire.errors import StorageFailed
from wire.whole_file import remove_leftovers, replace_file

DEFAULT_PORT = 1337
_LOOPBACK = {"127.0.0.1": "localhost", "::1": "localhost"}


def new_token() -> str:
    """A secret of 256 random bits."""
    return secrets.token_urlsafe(32)


def server_key(server: str) -> str:
    """What two texts for the same name server ("host:port") have in common, as far as texts tell."""
    try:
        host, port = parse(server, DEFAULT_PORT)
    except ValueError:  # no address at all: what is kept under it may be found again
        return server.lower()
    return str(Address(_LOOPBACK.get(host, host).lower(), port))


class Credentials:
    """Tokens by server and username."""

    def __init__(self, file: Path | None = None) -> None:
        """``file``: where they are kept; by default where this system keeps a user's settings."""
        if file is None:
            import platformdirs

            file = Path(platformdirs.user_config_dir("tictactoe")) / "tokens.json"
        self._file = file

    def token_for(self, server: str, name: str) -> str:
        """The token remembered for a name on a server, or a new one, which is remembered before it is used.

        Names that read the same (``Ada``, ``ada``) are one, as on the servers; so are texts for one server.
        Raises StorageFailed when the file cannot be read or written.
        """
        with self._changing() as tokens:
            kept = tokens.setdefault(server_key(server), {})
            token = next((kept[known] for known in kept if name_key(known) == name_key(name)), None)
            if token is None:
                token = kept[name] = new_token()
                self._write(tokens)
        return token

    def put(self, server: str, name: str, token: str) -> None:
        """Remember this token for a name on a server, instead of any other. Raises StorageFailed as ``token_for``."""
        with self._changing() as tokens:
            kept = tokens.setdefault(server_key(server), {})
            for known in [known for known in kept if name_key(known) == name_key(name)]:
                del kept[known]
            kept[name] = token
            self._write(tokens)

    def names(self, server: str) -> list[str]:
        """The names remembered for a server, the latest last. Raises StorageFailed when the file cannot be read."""
        try:
            return list(self._read().get(server_key(server), {}))
        except OSError as error:
            raise StorageFailed(f"{self._file} cannot be used: {error.strerror or error}") from None

    @contextlib.contextmanager
    def _changing(self) -> Iterator[dict[str, dict[str, str]]]:
        """What is remembered; while inside, no other client changes it."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with filelock.FileLock(f"{self._file}.lock"):
                yield self._read()
        except OSError as error:
            raise StorageFailed(f"{self._file} cannot be used: {error.strerror or error}") from None
        except NotImplementedError:
            raise StorageFailed(f"{self._file} is on a file system without locks") from None

    def _read(self) -> dict[str, dict[str, str]]:
        if not self._file.exists():
            return {}
        try:
            tokens = json.loads(self._file.read_text(encoding="utf-8"))
            return {server: {name: str(token) for name, token in kept.items()} for server, kept in tokens.items()}
        except (ValueError, AttributeError, RecursionError):
            # Not made anew: whatever tokens can still be read in it are the only way back to their names.
            raise StorageFailed(f"the tokens in {self._file} cannot be read: mend the file or move it away") from None

    def _write(self, tokens: dict[str, dict[str, str]]) -> None:
        # Synced: a name is lost together with its token. Nobody else writes now, so what others left is never used.
        remove_leftovers(self._file.parent, named=self._file.name)
        replace_file(self._file, json.dumps(tokens, indent=2), mode=0o600, synced=True)
