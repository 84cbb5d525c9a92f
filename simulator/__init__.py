"""A simulator for replicated systems: one seed, one history. On top of ``game`` and ``server``; nothing imports it.

For your own algorithm: subclass ``Node`` and put it into a ``World``, or subclass ``RegisterServer`` and hand it to
``run_register``, which brings clients, a storm of faults and a check (see ``simulator/examples``). The project's own
servers run in it as ``simulator.cluster``.
"""

from __future__ import annotations

from simulator.engine.disk import Disk
from simulator.engine.event_trace import Timeline
from simulator.engine.fault_schedule import Blow, Storm
from simulator.engine.network import Network, Weather
from simulator.engine.node import Node
from simulator.engine.register import RegisterServer, Ticket, run_register
from simulator.engine.simulation import World
from simulator.engine.verdict import Verdict

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
