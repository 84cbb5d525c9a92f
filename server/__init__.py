"""The three servers and what they share.

Pure decisions (no clock, I/O, threads): ``primary``, ``replica``, ``takeover`` (replication), ``supervision`` (who is
started and ended), ``streams``, ``lobby``. Shells around them: everything else. The scripts ``main_server``,
``communication_server`` and ``replication_server`` only put the pieces together.
"""
