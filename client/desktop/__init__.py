"""The desktop client: windows for people, on top of the client library.

``model`` has what windows show and do, without Tk. ``window`` has Tk, and is a thin view of it. ``two_windows`` starts
a game of two at one machine.
"""
