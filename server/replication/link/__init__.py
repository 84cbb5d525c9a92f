"""The replica link: the connection on which a main server sends everything to the replica.

Reading order:

- ``channel``: frames with limits, the handshake, then a tag on each message. Pure.
- ``encoding``: requests and answers as bytes. ``methods``: the replica's methods, with their checks. Both are pure.
- ``place``: the socket in the data folder.
- ``replica_link``: the main server's end. ``link_server``: the replication server's end.

Both ends run on an event loop. Nothing here waits, and no thread is used. The meaning of the methods does not belong
here: see ``replica_service``.
"""
