"""How commands become entries of the log. Commands that wait at the same time share one append.

``commit`` decides a batch, appends it and publishes it, in that order; only then are its commands acknowledged.
``committer`` collects the batch, and has the commit lock; its interface is ``CommitLock`` of ``runtime.procedures``.
Start reading in ``commit``. Never here: what a command means (``game``).
"""
