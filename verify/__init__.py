"""What shows that the guarantees hold: histories are recorded and checked, under faults, bad input and load.

``history`` has the checks and is pure. ``chaos``, ``fuzz``, ``load`` and ``demo`` are the runs, each a command.
``testbed`` has what they share: clusters of their own, faults, cut networks. Start reading in ``history``.
"""
