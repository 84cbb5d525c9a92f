"""Garbage is collected on Tk's thread alone.

Objects of Tk (variables, images, fonts) tell the interpreter when they are freed, and most of them are in cycles, which
Python frees in whatever thread happens to trip the collector. In a background thread that is a call to Tk from there.
"""

from __future__ import annotations

import gc
import tkinter as tk

LOOK_MS = 100
NEVER = 0
THRESHOLDS = gc.get_threshold()


def collect_here(root: tk.Misc) -> None:
    """From now on collect garbage in the thread that runs ``root``'s loop, and in no other.

    By Python's own thresholds, so that no collection takes longer than it would have. Not with ``gc.disable``: serpent
    calls ``gc.enable`` after each of its own.
    """
    gc.set_threshold(NEVER)
    gc.collect()
    gc.freeze()

    def look() -> None:
        for generation in (2, 1, 0):
            if gc.get_count()[generation] > THRESHOLDS[generation]:
                gc.collect(generation)
                break
        root.after(LOOK_MS, look)

    look()


def collect_anywhere() -> None:
    """As it was before, once nothing of Tk is left."""
    gc.unfreeze()
    gc.collect()
    gc.set_threshold(*THRESHOLDS)
