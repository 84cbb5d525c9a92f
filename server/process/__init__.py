"""What all servers have in common: a process with a lock, two endpoints, heartbeats and an orderly end.

``server_process`` is the process, and ``tasks`` runs its work until its end. ``entry_point`` starts it from the command
line, ``registration`` keeps its entry in the name server, and ``base_api`` has the remote methods of every server.
Start reading in ``server_process``.
"""
