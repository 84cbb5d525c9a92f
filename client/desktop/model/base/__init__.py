"""What all screens share: background work, connection state, pending commands, preferences, texts.

Start reading in ``background``, the only file of the windows with threads.
"""
