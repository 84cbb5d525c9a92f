"""The measurements, one file for each group of figures.

A group is a function from a cluster and a ``Scale`` to rows. ``figures`` defines a row. ``players`` are the processes
that play in rooms, beside others that make bare calls. Start reading in ``playing``.
"""
