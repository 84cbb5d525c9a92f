"""Screens before a game. Each shows a model of ``client.desktop.model.lobby`` or ``base``."""
