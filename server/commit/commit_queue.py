"""The queue of group commit: which submission gets the commit lock next, and which commands share a batch. Pure.

One submission at a time has the commit lock; the others wait in line. The lock passes to the first in line. If that is
a command, it is committed with all commands that wait by then (DeWitt et al. 1984). If it has no command, it holds the
lock alone. No threads and no events here: ``group_commit`` has those, and the simulator has its own.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from server.commit.commit import Submission

Waiter = TypeVar("Waiter", bound=Submission)


class CommitQueue(Generic[Waiter]):
    """The commit lock and the submissions that wait for it.

    A submission without a stream has no command; it only holds the lock.
    """

    def __init__(self) -> None:
        # Whether the lock is held. While it is free, ``_waiting`` is empty.
        self._taken = False
        # In order of arrival. A command stays here until ``batch`` takes it, a submission without a stream until it
        # gets the lock.
        self._waiting: list[Waiter] = []

    def __len__(self) -> int:
        """Return how many submissions wait for the lock or for their batch."""
        return len(self._waiting)

    def acquire(self, waiter: Waiter) -> bool:
        """Add a submission. Return true if the lock was free; the submission then has it."""
        free = not self._taken
        self._taken = True
        if waiter.stream or not free:
            self._waiting.append(waiter)
        return free

    def batch(self) -> list[Waiter]:
        """Remove and return all waiting commands, for the holder of the lock to commit."""
        batch = [waiter for waiter in self._waiting if waiter.stream]
        self._waiting = [waiter for waiter in self._waiting if not waiter.stream]
        return batch

    def release(self) -> Waiter | None:
        """Release the lock. Return the next submission to hold it, or None."""
        following = self._waiting[0] if self._waiting else None
        if following is not None and not following.stream:
            self._waiting.pop(0)
        self._taken = following is not None
        return following
