"""Sentences for errors of the operating system. Every program of the project that ends by such an error uses them."""

from __future__ import annotations


def sentence_of(error: OSError) -> str:
    """Return a sentence with the system's reason, and the file if the error has one."""
    reason = error.strerror or str(error) or type(error).__name__
    return f"{error.filename} cannot be used: {reason}" if error.filename else f"the system refuses: {reason}"
