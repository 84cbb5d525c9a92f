"""Before a game: signing in, open rooms, a new room, seeking an opponent, the user's open games.

Start reading in ``lobby``.
"""
