"""Screens of finished games. Each shows a model of ``client.desktop.model.records``."""
