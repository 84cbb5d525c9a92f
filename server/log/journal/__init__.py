"""The journal: one server's copy of the log, in SQLite.

``journal`` is the whole of it for the rest of the server: it writes, and inherits the queries of ``reads`` and the lock
and transactions of ``connection``. ``terms`` and ``incoming_copy`` have the statements for their own tables. ``file``
opens a journal. ``schema`` and ``rows`` define its format. ``compaction`` replaces old entries by snapshots.
``guard_file`` stores the highest epoch and position apart from the journal. ``pair`` compares the journals of both
servers. Start reading in ``journal``.
"""
