"""Forms of rooms and games outside: events and snapshots for the disk, views for callers, records of finished games.

``record_checks`` replays a record by the rules before anybody believes it.
"""
