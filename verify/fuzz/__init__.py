"""Fuzz: attackers that call everything with bad input, honest players beside them, and a count of what happened.

``methods`` lists what can be called, ``values`` and ``call_inputs`` make bad calls, ``wire_inputs`` bad bytes. An
``attacker`` is a process of its own, so that it takes no time from the ``honest_players``. Start reading in ``run``.
The command is ``python tictactoe.py hostile``.
"""
