"""Before a game: signing in, open rooms, a new room, seeking an opponent, one's own open games.

Start reading in ``lobby``.
"""
