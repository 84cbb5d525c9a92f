"""The states of all streams in the main server's memory: commands are decided on them and readers see them.

``room_store`` has them all; they change only in ``publish``. ``room_cache`` has the rooms in use. ``room_index``
and ``lobby`` have the rooms' rows, ``event_feed`` older events. ``stream_states`` has all other
streams, ``archive_reader`` the game records. ``long_poll`` and ``followers`` have the callers that wait. Start reading
in ``room_store``.
"""
