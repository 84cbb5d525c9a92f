"""Simulated shells of the servers: processes, connections, and journals on a disk that can lose unsynced writes.

The parts that decide are the real ones. Start reading in ``machine`` and ``main_server``, then ``terms``.
"""
