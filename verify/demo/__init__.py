"""The demo: bots play in all rooms while servers are killed. At the end every move is accounted for.

``run`` plays and kills, ``screen`` shows it, ``report`` is the result. The command is ``python tictactoe.py demo``.
"""
