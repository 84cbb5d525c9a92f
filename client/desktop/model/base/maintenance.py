"""What people are told of a cluster that is being emptied: that it closes, and when. Pure."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from client.desktop.model.base.connection_state import Banner


@dataclass(frozen=True)
class Closing:
    """The servers stop after the last game, or on that date (seconds since 1970) at the latest."""

    until: float | None

    @property
    def words(self) -> str:
        """It as a sentence, with the time of day here."""
        if self.until is None:
            return "The servers close for maintenance once all games are over: finish yours."
        here = time.strftime("%H:%M", time.localtime(self.until))
        return f"The servers close for maintenance at {here}: finish your game."


def closing_from(answer: Mapping[str, Any]) -> Closing | None:
    """What an answer of the servers says of it; None if they do not close."""
    told = answer.get("draining")
    return None if told is None else Closing(told["until"])


def with_closing(banner: Banner | None, closing: Closing | None) -> Banner | None:
    """The banner of the connection, or if there is nothing to say of that, that the servers close. Once they have, that
    is why nobody answers.
    """
    if closing is None:
        return banner
    if banner is None:
        return Banner("closing", closing.words)
    return Banner("lost", "The servers are closed for maintenance — trying again") if banner.kind == "lost" else banner
