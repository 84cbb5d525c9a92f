"""The measurements, one file for each group of figures.

A group is a function from a cluster, a ``Scale`` and the yardsticks to rows. ``players`` are the processes that play in
rooms. ``kills`` kills servers meanwhile. Start reading in ``playing``.
"""
