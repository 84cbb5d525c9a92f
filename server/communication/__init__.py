"""The communication server: the front door for clients. It stores nothing that the log does not have.

``front_door`` has the remote methods. Lists come from copies of the main server's data (``lobby_follower``,
``game_index``). So they are answered while the main server is being replaced. ``matchmaker`` matches seekers.
``house_bot`` is a process of its own. Start reading in ``front_door``.
"""
