"""Conversations: what a server says and in which order, apart from how it is said. Nothing here does I/O.

A conversation is a generator that yields what it wants done and is resumed with the answer, or with the error thrown in
where the answer would have been. So the code that decides the order of things (journal, then replica, then publish)
runs unchanged over real connections and threads, and in a simulator. The idea is that of "sans I/O" protocols
(Brodie, "Building Protocol Libraries The Right Way", 2016).
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeVar

from wire.errors import TicTacToeError

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class RemoteCall:
    """Call this method of the replica's peer object; the answer is what it returns."""

    method: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class WithCommitLock:
    """Hold this conversation while nothing is committed; the answer is what it comes to."""

    conversation: Generator[Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Sleep:
    """Go on after so many seconds, or earlier when there is something to do."""

    seconds: float


Wish = RemoteCall | WithCommitLock | Sleep
Conversation = Generator[Wish, Any, Result]


def converse(conversation: Conversation[Result], fulfil: Callable[[Wish], Any]) -> Result:
    """Hold a conversation to its end, with ``fulfil`` doing what it wishes; what it comes to."""
    try:
        wish = next(conversation)
        while True:
            try:
                answer = fulfil(wish)
            except TicTacToeError as error:
                wish = conversation.throw(error)
            else:
                wish = conversation.send(answer)
    except StopIteration as end:
        result: Result = end.value
        return result
