"""Clusters to try things on, and what can be done to them from outside.

``local_cluster`` makes one with ports and a folder of its own. ``cluster_faults`` kills, pauses, fills disks, damages
rows, cuts networks (``network_namespace``, ``tcp_proxy``) and skews clocks. ``task_processes`` are players that work in
processes of their own.
"""
