"""Histories: what clients saw of a cluster, and the checks of it. Pure; independent of the servers' own records.

``record`` is what a history is made of; ``guarantees`` checks it, with ``room_order``, which knows what order the calls
on a room can have had, and ``linearizability``, the search for such an order, in whatever object ``models`` describes.
The demo, the chaos run and the simulator all record the same and are judged by the same code.
"""
