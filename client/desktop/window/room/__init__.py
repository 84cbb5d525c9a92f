"""The room's screen and its parts. Each shows a model of ``client.desktop.model.room``."""
