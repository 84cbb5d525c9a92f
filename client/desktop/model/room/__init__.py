"""Inside a room: board, players, clocks, offers, the selection before a match, chat, result.

Start reading in ``room``, which connects the other models. ``seats`` keeps a player present in games that the window
does not show.
"""
