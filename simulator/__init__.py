"""A simulator for replicated systems. One seed gives one history.

It builds on ``game``, ``server`` and ``verify``. No server imports it.

To test your own algorithm, subclass ``Node`` and add it to a ``Simulation``. Or subclass ``RegisterServer`` and pass it
to ``run_register``, which adds clients, a fault schedule and a check (see ``simulator/examples``). The project's own
servers run in it as ``simulator.cluster``.
"""

from __future__ import annotations

from simulator.engine.disk import Disk
from simulator.engine.event_trace import EventTrace
from simulator.engine.fault_schedule import FaultSchedule, ScheduledFault
from simulator.engine.network import Network, NetworkConditions
from simulator.engine.node import Node
from simulator.engine.register import PendingRequest, RegisterServer, run_register
from simulator.engine.simulation import Simulation
from simulator.engine.verdict import Verdict

__all__ = [
    "Disk",
    "EventTrace",
    "FaultSchedule",
    "Network",
    "NetworkConditions",
    "Node",
    "PendingRequest",
    "RegisterServer",
    "ScheduledFault",
    "Simulation",
    "Verdict",
    "run_register",
]
