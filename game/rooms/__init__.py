"""A room: its commands (``commands``), its events (``events``) and its state (``state``).

``decide`` turns a command into events or refuses it. Its parts are ``decide_access`` (coming and going),
``decide_play`` (moves and results) and ``decide_offers``. ``evolve`` returns the next state after an event, with
``evolve_people`` and ``evolve_play``. ``remembered_requests`` has requests with their answers, so that a retry is
applied once.

Start reading in ``commands``, ``events``, ``decide``. The written forms are elsewhere, in ``game.forms``.
"""
