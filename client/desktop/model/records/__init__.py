"""Finished games: the leaderboard, players, the archive, a game to replay. Start reading in ``records``."""
