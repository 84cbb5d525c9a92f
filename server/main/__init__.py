"""The main server: rooms, accounts and the log's appends.

``candidate`` waits for the takeover, ``primary_term`` puts the parts together that work from then on, ``read_only``
serves reads where the disk allows no more. Calls come in by ``room_api`` (clients) and ``peer_api`` (servers) and go to
``command_service`` and ``account_service``. Start reading in ``primary_term``.
"""
