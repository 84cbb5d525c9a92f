"""What the system refused, as a sentence for people: every program of the project that ends by it ends with this."""

from __future__ import annotations


def sentence_of(error: OSError) -> str:
    """Names the file, if it was about one, and the system's reason."""
    reason = error.strerror or str(error) or type(error).__name__
    return f"{error.filename} cannot be used: {reason}" if error.filename else f"the system refuses: {reason}"
