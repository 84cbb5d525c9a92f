"""Sandbox clusters for tests, and faults that are injected from outside.

``local_cluster`` starts one with its own ports and folder, ``fault_sandbox`` one with faults. ``cluster_faults`` kills,
pauses, fills disks, damages rows, cuts networks (``detours``) and skews clocks.
``task_processes`` are players in separate processes. ``recorded_room`` writes their calls to a ``history_file``.
"""
