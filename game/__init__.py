"""The game: rules, rooms and usernames. Pure code: no clock, I/O, threads, network or source of randomness.

Rooms and usernames each have two functions: ``decide(state, command) -> events`` and ``evolve(state, event) -> state``.
Time and randomness are arguments, in a ``context.Context``. Read ``rules`` and ``games`` first, then ``rooms``.

- ``games``: the games. To add a game, add a file beside ``tictactoe`` and a line in ``registry``.
- ``match``: clocks, offers, series and matchmaking.
- ``rooms``: the commands, events and state of a room.
- ``forms``: rooms and records as data for the disk, the wire and callers.
- ``accounts``: usernames.
- ``bots``: computer players.
- ``cluster_state``: service time, and whether the cluster drains.
"""
