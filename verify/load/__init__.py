"""Load: very many people ask for an opponent at once while servers are killed.

All must be matched, all series must end, and nothing that was acknowledged may be lost. ``worker`` is a process of
players, ``report`` the result. Start reading in ``run``. The command is ``python tictactoe.py rush``.
"""
