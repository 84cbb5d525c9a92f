"""The windows: Tk, and nothing else. Each is a thin view of a model, and never waits for it.

Only Tk's thread calls Tk. The windows start no thread: ``app`` drains the model's background regularly. ``run`` opens
the window of a process; ``bindings`` has the keys. Start reading in ``app``.
"""
