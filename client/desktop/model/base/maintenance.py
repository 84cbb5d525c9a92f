"""What the user sees while the cluster drains: that it closes, and when. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from client.desktop.model.base.connection_state import Banner
from client.texts import connection


@dataclass(frozen=True)
class Closing:
    """The servers stop after the last game, at the latest at ``until`` (seconds since 1970)."""

    until: float | None


def closing_from(answer: Mapping[str, Any]) -> Closing | None:
    """Return the notice in an answer of the servers; None if they do not drain."""
    draining = answer.get("draining")
    return None if draining is None else Closing(draining["until"])


def with_closing(banner: Banner | None, closing: Closing | None) -> Banner | None:
    """Return the connection's banner, otherwise the notice that the servers close.

    After the servers have closed, a lost connection shows the maintenance as its reason.
    """
    if closing is None:
        return banner
    if banner is None:
        return Banner("closing", connection.closing(closing.until))
    return Banner("lost", connection.CLOSED) if banner.kind == "lost" else banner
