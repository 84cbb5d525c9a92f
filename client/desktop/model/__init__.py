"""What the windows show and do, without a window: state, words and decisions. No Tk here, and no call that waits.

All of it belongs to one thread, the one that calls ``Background.drain``; in the windows that is Tk's. What takes time
is handed to ``background``, which brings the outcome back to that thread.
"""
