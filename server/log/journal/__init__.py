"""The journal: one server's copy of the log, in SQLite.

``journal`` reads and writes it, ``file`` opens it, ``schema`` and ``rows`` say how it looks. ``compaction`` replaces
old entries by snapshots. ``guard_file`` knows the highest epoch and position apart from it. ``pair`` compares the
journals of both servers. Start reading in ``journal``.
"""
