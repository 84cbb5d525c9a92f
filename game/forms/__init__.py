"""Forms of rooms and games as data: events and snapshots for the disk, views for callers, records of finished games.

``room_view`` is what people in a room see; ``views`` writes it for the wire. ``public_state`` is the part of a room's
state that clients may have. ``record_checks`` replays a record from outside by the rules before it is used.
"""
