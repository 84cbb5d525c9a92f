"""What every server is, whatever its role: one process with a lock, two endpoints, a heartbeat and an end.

``server_process`` is the whole; ``entry_point`` starts it from the command line, ``registration`` keeps it known to the
name server, ``base_api`` has the remote methods of every server. Start reading in ``server_process``.
"""
