"""Widgets that know no model: board, banner, tables, animation, and how all of them look (``theme``)."""
