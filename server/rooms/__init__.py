"""The states of all streams in the main server's memory: commands are decided on them and readers see them.

``room_store`` has them all; they change only in ``publish``. ``room_cache`` has the rooms in use. ``room_index`` and
``lobby`` have the rooms' rows, ``event_feed`` their events. ``long_poll`` has the callers that wait. Start reading in
``room_store``.
"""
