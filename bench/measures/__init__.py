"""The measurements, one file for each group of figures.

A group is a function from a cluster and a ``Scale`` to rows. ``figures`` defines a row, ``tables`` opens the rooms,
``both_sides`` compares with bare calls. Start reading in ``playing``.
"""
