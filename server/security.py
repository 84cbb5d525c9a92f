"""Secrets: the cluster's key, and how a token is known without being kept."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from server.settings import Settings, SettingsError

_SHORTEST_KEY = 16


def token_hash(token: str) -> str:
    """What is kept of a token: enough to know it again, not enough to have it. A token has 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def house_bot_token(key: bytes) -> str:
    """The token under which the servers themselves play: who has the cluster's key has it."""
    return hmac.new(key, b"the house bot", "sha256").hexdigest()


def code_hash(code: str) -> str:
    """What is kept of a recovery code, which has 100 random bits; never what is kept of a token."""
    return hashlib.sha256(f"recovery code {code}".encode()).hexdigest()


def cluster_key(settings: Settings) -> bytes:
    """The key that servers show one another: CLUSTER_KEY, or the one in the data folder, made at the first start.

    Raises SettingsError if it is too short to be a secret.
    """
    if settings.cluster_key:
        return _long_enough(settings.cluster_key)
    file = settings.data / "cluster.key"
    if not file.exists():
        _make(file)
    return _long_enough(file.read_text().strip())


def _make(file: Path) -> None:
    """Write a new key, whole before anybody can see it; whoever comes second keeps the first one's."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f"{file.name}.{os.getpid()}.new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as output:
        output.write(secrets.token_urlsafe(32))
    try:
        os.link(new, file)
    except FileExistsError:
        pass
    finally:
        new.unlink()


def _long_enough(key: str) -> bytes:
    if len(key) < _SHORTEST_KEY:
        raise SettingsError(f"CLUSTER_KEY must have {_SHORTEST_KEY} characters or more")
    return key.encode()
