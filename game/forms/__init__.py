"""Forms of rooms and games as data: events and snapshots for the disk, views for callers, records of finished games.

``record_checks`` replays a record from outside by the rules before it is used.
"""
