"""The project's own servers in the simulated world: their machines and conversations unchanged, with the threads,
sockets and processes around them played by nodes, timers and messages.
"""
