"""Hostile input: attackers that try everything, honest players beside them, and the count of what it did.

The cluster comes in from outside as ``plan.Target``, because a client knows no servers. Attackers are processes of
their own (``attack``), so that they take no time from the honest players; ``run`` starts them and makes the report.
"""
