"""What the user sees while the cluster drains: that it closes, and when. Pure."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from client.desktop.model.base.connection_state import Banner


@dataclass(frozen=True)
class Closing:
    """The servers stop after the last game, at the latest at ``until`` (seconds since 1970)."""

    until: float | None

    @property
    def words(self) -> str:
        """The notice as a sentence, with the local time of day."""
        if self.until is None:
            return "The servers close for maintenance once all games are over: finish yours."
        here = time.strftime("%H:%M", time.localtime(self.until))
        return f"The servers close for maintenance at {here}: finish your game."


def closing_from(answer: Mapping[str, Any]) -> Closing | None:
    """Return the notice in an answer of the servers; None if they do not drain."""
    told = answer.get("draining")
    return None if told is None else Closing(told["until"])


def with_closing(banner: Banner | None, closing: Closing | None) -> Banner | None:
    """Return the connection's banner, otherwise the notice that the servers close.

    After the servers have closed, a lost connection shows the maintenance as its reason.
    """
    if closing is None:
        return banner
    if banner is None:
        return Banner("closing", closing.words)
    return Banner("lost", "The servers are closed for maintenance — trying again") if banner.kind == "lost" else banner
