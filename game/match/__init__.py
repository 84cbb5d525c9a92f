"""What two players agree on and compete in: the selection, clocks, offers, series. Also the
matchmaking of seekers.

Each file has a small value with pure functions. None depends on rooms.
"""
