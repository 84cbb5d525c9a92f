"""Histories: what clients observed of a cluster, and the checks. Pure, and independent of the servers' own records.

``record`` defines a history, and ``guarantees`` checks it. ``room_order`` determines which orders the calls on a room
can have. ``linearizability`` searches for such an order, for any object that ``models`` describes.

The demo, the chaos run and the simulator record the same histories and use the same checks.
"""
