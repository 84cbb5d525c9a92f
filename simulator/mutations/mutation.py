"""A mutation: one method of one state machine, replaced for a while."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch


@dataclass(frozen=True)
class Mutation:
    """A rule that is broken on purpose."""

    name: str
    what: str
    """What the servers do wrong, in one sentence."""
    owner: Any
    method: str
    broken: Any
    also: tuple[tuple[Any, str, Any], ...] = ()
    """Further replacements: a second protection that would hide this mutation."""

    @contextlib.contextmanager
    def apply(self) -> Iterator[None]:
        """Replace the methods until the context ends."""
        with contextlib.ExitStack() as stack:
            for owner, method, broken in ((self.owner, self.method, self.broken), *self.also):
                stack.enter_context(patch.object(owner, method, broken))
            yield


MUTATIONS: dict[str, Mutation] = {}
"""All mutations, by name."""


def mutation(
    name: str, what: str, owner: Any, method: str, *, also: tuple[tuple[Any, str, Any], ...] = ()
) -> Callable[[Any], Any]:
    """Return a decorator. The decorated function replaces that method of ``owner`` while the mutation is active."""

    def register(broken: Any) -> Any:
        MUTATIONS[name] = Mutation(name, what, owner, method, broken, also)
        return broken

    return register
