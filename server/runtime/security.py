"""Secrets: the cluster's key, and how a token is known without being kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path

from server.settings import Settings, SettingsError
from wire.whole_file import create_file

KEY_FILE = "cluster.key"
_SHORTEST_KEY = 16


def token_hash(token: str) -> str:
    """What is kept of a token: enough to know it again, not enough to have it. A token has 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def cluster_id(key: bytes) -> str:
    """What a cluster is called: the same at every server that has the key, and nothing that tells the key."""
    return hmac.new(key, b"the cluster's id", "sha256").hexdigest()[:12]


def house_bot_token(key: bytes) -> str:
    """The token under which the servers themselves play: who has the cluster's key has it."""
    return hmac.new(key, b"the house bot", "sha256").hexdigest()


def peer_key(key: bytes, role: str) -> bytes:
    """The key of the peer port of a role, which every server of the cluster can make of the cluster's key.

    Each role has its own: so what is sent to one server cannot be passed on to another.
    """
    return hmac.new(key, f"peer port of {role}".encode(), "sha256").digest()


def code_hash(code: str) -> str:
    """What is kept of a recovery code, which has 100 random bits; never what is kept of a token."""
    return hashlib.sha256(f"recovery code {code}".encode()).hexdigest()


def cluster_key(settings: Settings) -> bytes:
    """The key that servers show one another: CLUSTER_KEY, or the one in the data folder, made at the first start.

    Raises SettingsError if it is too short to be a secret.
    """
    if settings.cluster_key:
        return _long_enough(settings.cluster_key)
    file = settings.data / KEY_FILE
    if not file.exists():
        _make(file)
    return _long_enough(file.read_text().strip())


def _make(file: Path) -> None:
    """Write a new key, whole before anybody can see it; if two do so at once, the first one's is kept."""
    file.parent.mkdir(parents=True, exist_ok=True)
    create_file(file, secrets.token_urlsafe(32), mode=0o600)


def _long_enough(key: str) -> bytes:
    if len(key) < _SHORTEST_KEY:
        raise SettingsError(f"CLUSTER_KEY must have {_SHORTEST_KEY} characters or more")
    return key.encode()
