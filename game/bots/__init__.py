"""How computers play: levels in ``strategy``, the search for a move in ``search``, solved boards in ``solved``."""
