"""The desktop client: windows for people, on top of the client library.

``model`` has what windows show and do, without Tk. ``window`` is a thin view of it, with Tk. ``two_windows`` starts a
game of two players on this machine.
"""
