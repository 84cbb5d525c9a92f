"""What users read about a command that the servers refused."""

from __future__ import annotations

from game.errors import TicTacToeError
from wire.errors import Diverged, StorageFailed


def refusal(error: TicTacToeError) -> str:
    """Return the text for a command that the servers refused."""
    if isinstance(error, (StorageFailed, Diverged)):  # not the player's fault, and no other command would succeed
        return f"The servers cannot save at the moment: {error.message}. Nothing was changed. Try again later."
    return f"Not possible: {error.message}."
