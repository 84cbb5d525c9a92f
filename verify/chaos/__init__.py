"""Chaos on real processes: people play and watch on a cluster while faults fall, and every history is checked.

``plan`` says what falls when, and is pure; ``conductor`` lets it fall on the servers (``havoc``, a protocol) and on the
people's own processes (``crowds``). In such a process ``crowd`` runs ``people``, who write down every call and every
event with ``recorder``. In the end ``recall`` reads all of that back, ``verify.history`` judges it, and ``report`` says
what was found. After Kingsbury's Jepsen: real processes, recorded histories, an independent check.
"""
