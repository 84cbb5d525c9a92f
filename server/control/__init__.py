"""A cluster from outside: start, stop, status, drain, upgrade, backup, restore, resolve.

``cluster`` is the control of the four processes; ``cli`` has the commands that people type. Start reading in
``cluster``. Never here: anything that a running server needs.
"""
