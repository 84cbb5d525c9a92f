"""What a button, a menu or a field shows of itself."""

from __future__ import annotations

from typing import NamedTuple


class Caption(NamedTuple):
    """A short text, and the longer one that explains it (a tooltip). The longer one names the key."""

    text: str
    hint: str
