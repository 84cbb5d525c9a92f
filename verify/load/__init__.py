"""The rush: very many press Play at once, while the servers are killed again and again.

``run`` is the whole, ``worker`` a process of people, ``report`` what is said of it. All must be matched, all series
must end, and nothing that was acknowledged may be lost.
"""
