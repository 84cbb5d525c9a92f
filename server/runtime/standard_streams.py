"""Ensures that standard input, output and error are open, however the process was started.

A process may be started with descriptors 0, 1 or 2 closed (``2>&-``, some service managers). Then Python has no
``sys.stderr``. Worse, the next file or connection gets that number, and text for standard error goes into it. Every
program of this project calls ``open_missing`` first.
"""

from __future__ import annotations

import os
import sys


def open_missing() -> None:
    """Open each closed standard stream on the null device."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
        os.set_inheritable(number, True)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "r" if number == 0 else "w", closefd=False))  # noqa: SIM115
