"""The simulation itself: virtual time, nodes, network, disks, faults, and the verdict. Knows no tic-tac-toe.

``simulation`` is the world, ``node`` what people write, ``network`` and ``disk`` what it meets, ``fault_schedule`` what
falls. ``register`` brings clients and a check for algorithms that keep a register. Start reading in ``node``.
"""
