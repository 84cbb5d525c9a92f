"""Who commits next, and with whom together: the queue of group commit, pure.

One at a time has the turn; whoever comes meanwhile waits in line. The turn passes to the first who waits: one with a
command carries it out together with the commands of all who wait by then (DeWitt et al. 1984), one without has the turn
alone. No threads and no events here: ``group_commit`` has those, and the simulator its own.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from server.commit.commit import Submission

Waiter = TypeVar("Waiter", bound=Submission)


class CommitQueue(Generic[Waiter]):
    """The turn, and who waits for it. An order without a stream wants the turn alone."""

    def __init__(self) -> None:
        self._taken = False
        self._waiting: list[Waiter] = []

    def __len__(self) -> int:
        """How many wait for the turn, or for somebody to carry their command through."""
        return len(self._waiting)

    def come(self, waiter: Waiter) -> bool:
        """Line up; true when the turn is free, and so theirs."""
        free = not self._taken
        self._taken = True
        if waiter.stream or not free:
            self._waiting.append(waiter)
        return free

    def batch(self) -> list[Waiter]:
        """All commands that wait, for whoever has the turn to carry out."""
        batch = [waiter for waiter in self._waiting if waiter.stream]
        self._waiting = [waiter for waiter in self._waiting if not waiter.stream]
        return batch

    def pass_on(self) -> Waiter | None:
        """The turn is over: who has it next, if anybody waits."""
        following = self._waiting[0] if self._waiting else None
        if following is not None and not following.stream:
            self._waiting.pop(0)
        self._taken = following is not None
        return following
