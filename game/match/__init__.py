"""What two players agree on and compete in: clocks, offers, series; and the matchmaking of those who seek.

Each file is a small value with pure functions. None knows rooms.
"""
