"""A simulator for replicated systems: one seed, one history. On top of ``game`` and ``server``; nothing imports it.

For your own algorithm: subclass ``Node`` and put it into a ``World``, or subclass ``RegisterServer`` and hand it to
``run_register``, which brings clients, a storm of faults and a check (see ``simulator/examples``). The project's own
servers run in it as ``simulator.cluster``.
"""

from __future__ import annotations

from simulator.disk import Disk
from simulator.network import Network, Weather
from simulator.node import Node
from simulator.register import RegisterServer, Ticket, run_register
from simulator.storm import Blow, Storm
from simulator.timeline import Timeline
from simulator.verdict import Verdict
from simulator.world import World

__all__ = [
    "Blow",
    "Disk",
    "Network",
    "Node",
    "RegisterServer",
    "Storm",
    "Ticket",
    "Timeline",
    "Verdict",
    "Weather",
    "World",
    "run_register",
]
