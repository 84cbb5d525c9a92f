"""The simulation itself: virtual time, nodes, network, disks, faults, and the verdict.

Nothing here depends on tic-tac-toe.

``simulation`` runs everything. People write their algorithms as a ``node``. ``network``, ``disk`` and
``fault_schedule`` simulate what can go wrong. ``register`` adds clients and a check for algorithms that keep a
register. Start reading in ``node``.
"""
