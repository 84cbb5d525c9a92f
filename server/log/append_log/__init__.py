"""The append log: the newest batches of a journal, in a folder of segment files in front of SQLite.

An append is one write at the end of the newest segment. The journal moves batches into SQLite later and then deletes
the segments that SQLite has. ``batch_format`` has the bytes of a batch, ``segment_reader`` reads them back, also where
they are torn or damaged. ``append_log`` writes and has the tail in memory, ``recovery`` finds what SQLite lacks when a
journal is opened, and ``segments`` has the files. Start reading in ``batch_format``. Nothing here names a table of
SQLite.
"""
