"""Two copies of the log: the primary sends, the replica follows, and a takeover compares both.

``primary``, ``replica`` and ``takeover_rules`` make decisions without I/O. ``replicator`` and ``takeover`` are the
procedures around them. ``messages`` has the calls that they make, and ``link`` carries these to ``replica_service``.
``guarded_copy`` refuses them while the copy cannot be used; ``unopened_copy`` answers while there is none.
``scrub`` finds damage, and ``repair`` replaces damaged rows by those of the other copy. Start reading in ``primary``
and ``replica``.
"""
