"""The game: rules, rooms and usernames. Pure: no clock, no I/O, no threads, no network, no randomness of its own.

Rooms and usernames each are two functions: ``decide(state, command) -> events`` and ``evolve(state, event) -> state``.
Time and chance come in as a ``moment.Context``. Read ``rules`` and ``games`` first, then ``rooms``.

- ``games``: which games there are. Another one is a file beside ``tictactoe`` and a line in ``registry``.
- ``match``: clocks, offers, series, and who is matched with whom.
- ``rooms``: what happens in a room. ``forms``: how rooms and records look on the disk, on the wire and to people.
- ``accounts``: usernames. ``bots``: how computers play.
- ``cluster_state``: service time, and whether the cluster drains.
"""
