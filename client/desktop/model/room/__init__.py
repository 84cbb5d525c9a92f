"""Inside a room: the board, the players and their clocks, offers, the selection before a match, chat, the result.

Start reading in ``room``, which puts the other models together. ``seats`` keeps a player present in games that the
window does not show.
"""
