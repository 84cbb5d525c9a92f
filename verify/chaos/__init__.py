"""Chaos: clients play on real processes while faults are injected. Every history is checked.

``faults`` has the kinds of faults, ``fault_plan`` decides when each comes; both are pure. The ``nemesis`` injects them
into the servers (``verify.testbed``) and into the clients' processes (``workload_processes``).

In such a process ``workload_process`` runs ``players``, which write every call and event to a file
(``verify.testbed.history_file``). At the end the files are read, ``verify.history`` checks them, and ``report`` shows
the findings. Start reading in ``run``.

After Kingsbury's Jepsen: real processes, recorded histories, an independent check.
"""
