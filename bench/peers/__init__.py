"""Other servers for turn-based games, under the same scripted games: boardgame.io and Colyseus.

``setup.sh`` installs them (Node.js; versions in ``package.json``). ``peer.cjs`` is a process of servers or players.
``boardgame_io.cjs`` and ``colyseus.cjs`` are what differs. ``rows`` measures them beside the bare echo. Neither stores
or replicates a move: their state is in the memory of one process, and ends with it.
"""
