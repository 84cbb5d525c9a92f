"""The main server: rooms, accounts and the log.

``candidate`` tries the takeover, ``primary_term`` builds and runs all parts of the primary, and ``read_only`` serves
reads while nothing can be committed. Calls arrive at ``room_api`` (clients) and ``peer_api`` (servers), and go on to
``command_service`` and ``account_service``. Start reading in ``primary_term``.
"""
