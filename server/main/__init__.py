"""The main server: rooms, accounts and the log.

``candidate`` tries the takeover, ``primary_term`` builds and runs all parts of the primary, and ``reads`` has what it
shares with a main server that cannot commit. Calls arrive at ``room_api`` (clients) and ``peer_api`` (servers), and go
on to ``command_service`` and ``account_service``. ``quotas`` has the limits of persons and hosts. Start reading in
``primary_term``.
"""
