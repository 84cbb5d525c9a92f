"""What is measured, one file for each group of figures.

A group is a function from a cluster and a ``Scale`` to rows. ``figures`` has what a row is, ``tables`` the rooms that
are played in, ``both_sides`` the comparison with bare calls. Start reading in ``playing``.
"""
