"""A room: what can be asked of it (``commands``), what happened in it (``events``), and what it is (``state``).

``decide`` makes events of a command or refuses it; its parts are ``decide_access`` (who comes and goes),
``decide_play`` (moves and results) and ``decide_offers``. ``evolve`` makes the next state of an event, with
``evolve_people`` and ``evolve_play``. ``dedup`` remembers requests, so that a retry is done once. Start reading in
``commands``, ``events``, ``decide``. Never here: how any of it is written (``game.forms``).
"""
