"""The user's tokens, stored on this machine in a file that only its owner can read.

A token identifies a user. Several clients may use the file at the same time.
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
from wire.atomic_files import remove_leftovers, replace_file
from wire.errors import StorageFailed

DEFAULT_PORT = 1337
_LOOPBACK = {"127.0.0.1": "localhost", "::1": "localhost"}


def new_token() -> str:
    """Return a secret of 256 random bits."""
    return secrets.token_urlsafe(32)


def server_key(server: str) -> str:
    """Return a key that is equal for two texts of the same name server ("host:port"), as far as texts show it."""
    try:
        host, port = parse(server, DEFAULT_PORT)
    except ValueError:  # not an address: its tokens must still be found under this text
        return server.lower()
    return str(Address(_LOOPBACK.get(host, host).lower(), port))


class Credentials:
    """Tokens by server and username."""

    def __init__(self, file: Path | None = None) -> None:
        """``file``: where the tokens are stored; by default the system's folder for a user's settings."""
        if file is None:
            import platformdirs

            file = Path(platformdirs.user_config_dir("tictactoe")) / "tokens.json"
        self._file = file

    def token_for(self, server: str, name: str) -> str:
        """Return the token stored for a name on a server. If there is none, store a new token and return it.

        Spellings that read the same (``Ada``, ``ada``) are the same name, as on the servers. Texts for the same server
        are equal too. Raises StorageFailed when the file cannot be read or written.
        """
        with self._changing() as tokens:
            kept = tokens.setdefault(server_key(server), {})
            token = next((kept[known] for known in kept if name_key(known) == name_key(name)), None)
            if token is None:
                token = kept[name] = new_token()
                self._write(tokens)
        return token

    def store(self, server: str, name: str, token: str) -> None:
        """Store this token for a name on a server, and replace any other. Raises StorageFailed as ``token_for``."""
        with self._changing() as tokens:
            kept = tokens.setdefault(server_key(server), {})
            for known in [known for known in kept if name_key(known) == name_key(name)]:
                del kept[known]
            kept[name] = token
            self._write(tokens)

    def names(self, server: str) -> list[str]:
        """Return the names stored for a server, the latest last. Raises StorageFailed when the file cannot be read."""
        try:
            return list(self._read().get(server_key(server), {}))
        except OSError as error:
            raise StorageFailed(f"{self._file} cannot be used: {error.strerror or error}") from None

    @contextlib.contextmanager
    def _changing(self) -> Iterator[dict[str, dict[str, str]]]:
        """Yield the stored tokens. Inside the context no other client changes them."""
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
            # Do not overwrite the file: the tokens that are still readable in it are the only way back to their names.
            raise StorageFailed(f"the tokens in {self._file} cannot be read: mend the file or move it away") from None

    def _write(self, tokens: dict[str, dict[str, str]]) -> None:
        # Synced: a name is lost together with its token. The lock excludes other writers, so leftovers are never in
        # use.
        remove_leftovers(self._file.parent, named=self._file.name)
        replace_file(self._file, json.dumps(tokens, indent=2), mode=0o600, synced=True)
