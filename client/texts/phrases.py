"""Parts of many texts: captions, sentences, shortened texts, durations, refusals."""

from __future__ import annotations

from typing import NamedTuple

from game.errors import TicTacToeError
from wire.errors import Diverged, StorageFailed

LOADING = "Loading …"
COPIED = "Copied"


class Caption(NamedTuple):
    """A short text, and the longer one that explains it (a tooltip). The longer one names the key."""

    text: str
    hint: str


def sentence(text: str) -> str:
    """Return an error's message as a sentence, with a capital and a full stop."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def shortened(text: str, most: int) -> str:
    """Return the text, cut to ``most`` characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def ago(seconds: float) -> str:
    """Return a duration as a short text."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:  # noqa: PLR2004  # a minute
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"  # noqa: PLR2004
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:  # noqa: PLR2004  # an hour
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def refusal(error: TicTacToeError) -> str:
    """Return the text for a command that the servers refused."""
    if isinstance(error, (StorageFailed, Diverged)):  # not the player's fault, and no other command would succeed
        return f"The servers cannot save at the moment: {error.message}. Nothing was changed. Try again later."
    return f"Not possible: {error.message}."
