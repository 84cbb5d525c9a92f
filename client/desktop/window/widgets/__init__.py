"""Widgets that use no model: board, banner, tables, animation, and their look (``theme``)."""
