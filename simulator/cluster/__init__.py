"""The project's own servers in the simulated world: their machines and procedures unchanged, with the threads, sockets
and processes around them played by nodes, timers and messages.

``schedule`` is one run. Clients are in ``clients``, ``match_players`` and ``account_clients``, the servers in
``servers``, what falls in ``faults``; ``checker`` and ``match_checker`` judge it. Start reading in ``schedule``.
"""
