"""The project's own servers in the simulation. Their state machines and procedures are the real ones.

Nodes, timers and messages replace the threads, sockets and processes around them.

``schedule`` is one run, and ``schedule_options`` what differs between runs. Clients are in ``clients``,
``match_players`` and ``account_clients``, servers in ``servers``, and faults in ``faults``. ``checker`` and
``match_checker`` judge the run. Start reading in ``schedule``.
"""
