"""What the windows show and do, without Tk: state, texts and decisions.

One thread owns all of it: the thread that calls ``Background.drain``, which is Tk's thread in the windows. Slow work
runs in ``base.background``, and its result returns to that thread. Start reading in ``app``: it has a model for each
screen, from ``lobby``, ``room`` and ``records``. Never here: Tk, or a call that waits.
"""
