"""The communication server: the front door for clients. It keeps nothing that the log does not have.

``front_door`` has the remote methods. Lists come from copies that follow the main server (``lobby_follower``,
``game_index``), so they are answered while it is being replaced. ``matchmaker`` brings seekers together. ``house_bot``
is a process of its own. Start reading in ``front_door``.
"""
