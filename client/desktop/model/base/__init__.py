"""What all screens share: work in the background, the state of the connection, commands under way, preferences, words.

Start reading in ``background``, the only file of the windows that knows threads.
"""
