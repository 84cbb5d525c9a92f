"""The windows: Tk, and nothing else. Each is a thin view of a model, which it never waits for.

Tk is touched by its own thread alone. The windows start no thread: ``app`` drains the model's background now and then.
``run`` opens the one window of a process; ``bindings`` has the keys. Start reading in ``app``.
"""
