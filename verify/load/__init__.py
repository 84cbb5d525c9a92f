"""Load test: very many people seek an opponent at once while servers are killed.

All must be matched, all series must end, and nothing acknowledged may be lost. ``worker`` is a process of players,
``report`` the result. Start reading in ``run``. The command is ``python tictactoe.py load``.
"""
