"""The stock name server in a process that the template forked: the program ``pyro4-ns`` and nothing else.

It first undoes what this project changes in libraries. So clients find the same name server as without a template.
"""

from __future__ import annotations

import logging
import runpy
import sys
import threading

CHANGED = ("Pyro4", "serpent")
"""The libraries that ``wire.rpc`` configures. They are imported again, which takes 8 ms."""


def main() -> None:
    """Run the script in ``sys.argv`` as Python runs it from the command line."""
    for name in list(sys.modules):
        if name.partition(".")[0] in CHANGED:
            del sys.modules[name]
    logging.captureWarnings(capture=False)
    logging.getLogger().handlers.clear()
    sys.excepthook, threading.excepthook = sys.__excepthook__, threading.__excepthook__
    runpy.run_path(sys.argv[0], run_name="__main__")
