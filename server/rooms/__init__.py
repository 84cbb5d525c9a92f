"""The states of all streams in the main server's memory: what commands decide on and readers see.

``room_store`` has all of it and changes in ``publish`` alone. ``room_cache`` holds rooms that are in use,
``room_index`` and ``lobby`` their rows, ``event_feed`` their events, ``long_poll`` the callers that wait. Start
reading in ``room_store``.
"""
