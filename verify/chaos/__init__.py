"""Chaos: people play on real processes while faults are injected, and every history is checked.

``plan`` chooses the faults and is pure. The ``nemesis`` injects them into the servers (``verify.testbed``) and into the
players' processes (``workload_processes``). In such a process ``workload_process`` runs ``players``, and the
``history_writer`` writes every call and event to disk. In the end ``history_reader`` reads them, ``verify.history``
judges them, and ``report`` shows what was found. Start reading in ``run``. After Kingsbury's Jepsen: real processes,
recorded histories, an independent check.
"""
