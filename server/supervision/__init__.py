"""Keeps the four processes alive: heartbeats, starts, ends, and which process has which role.

``restart_rules`` makes the decisions without I/O. ``supervisor`` is the thread around it, one for each supervised role,
and ``supervisors`` makes them. ``run_directory`` and ``run_file`` record which process has a role. ``processes`` starts
and ends processes, and ``status`` reads the status of the whole cluster, which ``role_status`` describes. Start reading
in ``restart_rules``.
"""
