"""The shells of the servers, simulated: processes, connections, journals on a disk that loses what was not synced.

The parts that decide are the real ones. Start reading in ``machine`` and ``main_server``.
"""
