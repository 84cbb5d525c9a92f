"""The log: entries of streams, and what the states of streams are made of. Pure, but for ``journal``.

``entries`` has the values, ``stream_kind`` what a kind of stream is, one file for each kind beside it. ``batch`` is
what is appended together. ``row_format`` and ``message_checks`` say how rows look on the disk and between servers; a
row that is damaged is handled by ``damaged_streams`` and ``mending``. Start reading in ``entries`` and
``stream_kind``.
"""
