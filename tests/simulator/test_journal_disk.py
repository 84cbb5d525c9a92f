"""The simulated disk of a journal."""

from __future__ import annotations

import random

from server.log.entries import Entry, Epoch
from simulator.cluster.servers.journals import JournalDisk


def test_a_backup_after_a_power_cut_is_without_the_open_transaction() -> None:
    disk = JournalDisk(syncs=False)
    journal = disk.journal()
    journal.begin_term(Epoch(1, "me"))
    journal.append([Entry(1, 1, "room/a", 1, "1")])
    journal.fill()
    disk.read("BEGIN IMMEDIATE")
    disk.read("DELETE FROM entries")
    disk.lose_last_writes(random.Random(1), 0)
    backup = disk.backup()
    assert backup.connection.execute("SELECT stream FROM entries").fetchall() == [("room/a",)]
