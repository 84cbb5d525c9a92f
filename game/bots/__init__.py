"""Computer players: levels in ``strategy``, the search for a move in ``search``, the solved 3×3 board in ``solved``."""
