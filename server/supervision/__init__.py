"""Keeping the four processes alive: heartbeats, starts, ends, and which process has which role.

``supervision`` decides and is pure; ``supervisor`` is the thread around it, one for each role that is watched.
``run_directory`` and ``run_file`` know whose a process is, ``processes`` starts and ends it, ``status`` shows all of
it. Start reading in ``supervision``.
"""
