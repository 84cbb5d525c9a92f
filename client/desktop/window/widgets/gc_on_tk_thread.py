"""Collect garbage only on Tk's thread.

Tk objects (variables, images, fonts) call the interpreter when they are freed. Most of them are in reference cycles,
and Python frees cycles in the thread that triggers the collector. In a background thread that would be a call to Tk
from the wrong thread.
"""

from __future__ import annotations

import gc
import tkinter as tk

LOOK_MS = 100
NEVER = 0
THRESHOLDS = gc.get_threshold()


def collect_here(root: tk.Misc) -> None:
    """Collect garbage from now on only in the thread that runs ``root``'s loop.

    Python's own thresholds apply, so that no collection takes longer than usual. ``gc.disable`` is not enough, because
    serpent calls ``gc.enable`` after each of its own calls.
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
