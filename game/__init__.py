"""The game: rules, rooms and usernames. Pure: no clock, no I/O, no threads, no network, no randomness of its own.

``rooms`` and ``names`` each are two functions, ``decide(state, command) → events`` and ``evolve(state, event) →
state``. A room asks ``rules`` for everything that depends on the game; ``games`` knows which games there are. Another
game is a new file beside ``tictactoe`` and a line in ``games``.
"""
