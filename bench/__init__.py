"""The benchmark: measures the project's figures, each beside a yardstick from the same run.

``run`` lists the groups of figures. ``figures`` defines a row. ``report`` makes the table, ``picture`` the chart.
``measured_cluster`` starts the measured cluster, ``yardsticks`` the bare servers; ``calls`` measures both. The players
are separate processes (``worker``), and so are ``spectators`` and their yardstick ``fan_out``. ``conditions`` decides
whether a run counts. ``peers`` are other servers under the same games. Start reading in ``run``.

No test asserts a duration, because machines differ. People read the benchmark.
"""
