"""How commands become entries of the log: several that wait at the same time share one append.

``commit`` decides a batch, appends it and publishes it, in that order, which is what "acknowledged" means.
``group_commit`` gathers the batch; ``commit_queue`` says who is next. ``command_port`` is what the rest of the server
needs of it. Start reading in ``commit``. Never here: what a command means (``game``).
"""
