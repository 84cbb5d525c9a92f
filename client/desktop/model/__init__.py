"""What the windows show and do, without a window: state, words and decisions.

All of it belongs to one thread, the one that calls ``Background.drain``; in the windows that is Tk's. What takes time
is handed to ``base.background``, which brings the outcome back to that thread. Start reading in ``app``: it has a model
for each screen, in ``lobby``, ``room`` and ``records``. Never here: Tk, and a call that waits.
"""
