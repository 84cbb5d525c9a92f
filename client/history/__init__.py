"""Histories: what clients saw of a cluster, and the checks of it. Pure; nothing here comes from the servers' own books.

``record`` is what a history is made of, ``linearizability`` and ``guarantees`` check it. The demo, the chaos run and the
simulator all record the same and are judged by the same code.
"""
