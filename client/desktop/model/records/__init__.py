"""Finished games: the leaderboard, players, the game archive, a replay. Start reading in ``records``."""
