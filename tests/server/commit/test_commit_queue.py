"""Whose commands are committed together, and who waits for whom."""

from __future__ import annotations

from server.commit.commit_queue import CommitQueue

from server.commit.commit import Submission


def command(name: str) -> Submission:
    return Submission("room/a", name)


def alone() -> Submission:
    return Submission("", None)


def test_the_first_who_comes_has_the_turn_and_carries_its_own_command() -> None:
    turns: CommitQueue[Submission] = CommitQueue()
    first = command("first")
    assert turns.acquire(first)
    assert turns.batch() == [first]
    assert turns.release() is None


def test_who_comes_meanwhile_waits_and_all_who_wait_are_carried_through_together() -> None:
    turns: CommitQueue[Submission] = CommitQueue()
    turns.acquire(command("first"))
    turns.batch()
    second, third = command("second"), command("third")
    assert not turns.acquire(second)
    assert not turns.acquire(third)
    assert turns.release() is second
    assert turns.batch() == [second, third]
    assert turns.release() is None
    assert turns.acquire(command("fourth"))


def test_the_turn_alone_carries_nobody_through_and_is_had_in_order() -> None:
    turns: CommitQueue[Submission] = CommitQueue()
    turns.acquire(command("first"))
    turns.batch()
    waits, wants, late = command("second"), alone(), command("third")
    for waiter in (waits, wants, late):
        assert not turns.acquire(waiter)
    assert len(turns) == 3
    assert turns.release() is waits
    assert turns.batch() == [waits, late]
    assert turns.release() is wants
    assert turns.batch() == []
    assert turns.release() is None


def test_who_has_the_turn_alone_is_not_in_the_line() -> None:
    turns: CommitQueue[Submission] = CommitQueue()
    assert turns.acquire(alone())
    assert len(turns) == 0
    second = command("second")
    assert not turns.acquire(second)
    assert turns.release() is second
