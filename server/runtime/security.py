"""Secrets: the cluster's key, and hashes that identify a token without storing it."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from server.settings import Settings, SettingsError
from wire.atomic_files import create_file

KEY_FILE = "cluster.key"
_SHORTEST_KEY = 16


def token_hash(token: str) -> str:
    """Return the stored form of a token. The token cannot be computed from it: a token has 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def cluster_id(key: bytes) -> str:
    """Return the cluster's id: the same at every server with the key, and it does not reveal the key."""
    return hmac.new(key, b"the cluster's id", "sha256").hexdigest()[:12]


def house_bot_token(key: bytes) -> str:
    """Return the token of the house bot; the cluster's key is enough to compute it."""
    return hmac.new(key, b"the house bot", "sha256").hexdigest()


def peer_key(key: bytes, role: str) -> bytes:
    """Return the key of the peer port of a role, computed from the cluster's key.

    Each role has its own key, so a message to one server cannot be replayed to another.
    """
    return hmac.new(key, f"peer port of {role}".encode(), "sha256").digest()


def link_key(key: bytes) -> bytes:
    """Return the key of the replica link, computed from the cluster's key. No peer port has it."""
    return hmac.new(key, b"replica link", "sha256").digest()


def code_hash(code: str) -> str:
    """Return the stored form of a recovery code (100 random bits). It never equals the stored form of a token."""
    return hashlib.sha256(f"recovery code {code}".encode()).hexdigest()


def cluster_key(settings: Settings) -> bytes:
    """Return the key with which servers authenticate: CLUSTER_KEY, or the key file in the data folder.

    The first start creates the file. Raises SettingsError if the key is too short to be a secret.
    """
    if settings.cluster_key:
        return _long_enough(settings.cluster_key)
    file = settings.data / KEY_FILE
    if not file.exists():  # if two processes create it at once, the first key is kept
        file.parent.mkdir(parents=True, exist_ok=True)
        create_file(file, secrets.token_urlsafe(32), mode=0o600)
    return _long_enough(file.read_text().strip())


def _long_enough(key: str) -> bytes:
    if len(key) < _SHORTEST_KEY:
        raise SettingsError(f"CLUSTER_KEY must have {_SHORTEST_KEY} characters or more")
    return key.encode()
