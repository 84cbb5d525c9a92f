"""The benchmark: what the project promises in numbers, each measured beside a yardstick of the same run.

``run`` lists the groups of figures, ``report`` makes the table, ``picture`` the chart. The cluster that is measured
comes from ``measured_cluster``; the players are processes of their own (``worker``). Start reading in ``run``.
No test asserts a time: machines differ, and a benchmark is read by people.
"""
