"""Worked examples: three ways to keep a register on three servers. Two are correct, one is wrong on purpose."""

from __future__ import annotations

from simulator.examples.majority import Majority
from simulator.examples.no_write_back import NoWriteBack
from simulator.examples.one_copy_to_all import OneCopyToAll

EXAMPLES = {"one-copy-to-all": OneCopyToAll, "majority": Majority, "no-write-back": NoWriteBack}
