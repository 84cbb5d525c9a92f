"""The log: entries, streams, and the functions that make a stream's state from its entries. Pure, except ``journal``.

``entries`` has the values, and ``epoch_history`` which epoch wrote which of them. ``stream_kind`` defines a kind of
stream; each kind has a file beside it. ``batch`` has the entries that are appended together. ``row_format`` and
``message_checks`` define rows on the disk and between servers. ``damaged_streams`` and ``mending`` handle damaged rows.
Start reading in ``entries`` and ``stream_kind``.
"""
