"""Controls a cluster from outside: start, stop, status, drain, upgrade, backup, restore, resolve.

``cluster`` controls the four processes; ``cli`` has the commands that people type. Start reading in ``cluster``. A
running server imports nothing from here.
"""
