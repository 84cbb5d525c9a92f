"""Fuzz: attackers call every method with bad input, honest players play at the same time, and the results are counted.

``methods`` lists the methods. ``values`` and ``call_inputs`` make bad calls, ``wire_inputs`` bad bytes. An ``attacker``
is a separate process, so that it takes no time from the honest players (``verify.testbed.bot_tables``). Start reading
in ``run``. The command is ``python tictactoe.py fuzz``.
"""
