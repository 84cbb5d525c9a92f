"""The journal: one server's copy of the log, in SQLite.

``journal`` reads and writes it. ``file`` opens it. ``schema`` and ``rows`` define its format. ``compaction`` replaces
old entries by snapshots. ``guard_file`` stores the highest epoch and position apart from the journal. ``pair`` compares
the journals of both servers. Start reading in ``journal``.
"""
