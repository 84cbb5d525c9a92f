"""Verification of the guarantees: records and checks histories under faults, bad input and load.

``history`` has the checks and is pure. ``chaos``, ``fuzz``, ``load`` and ``demo`` are the runs; ``commands`` starts
each. ``testbed`` has what they share: sandbox clusters, faults, network cuts. Start reading in ``history``.
"""
