"""A mutation: one method of one state machine, replaced for a while."""

from __future__ import annotations

import contextlib
import functools
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
"""All registered mutations, by name."""


def register(
    name: str, what: str, owner: Any, method: str, broken: Any, *, also: tuple[tuple[Any, str, Any], ...] = ()
) -> Any:
    """Register a mutation: while it is active, ``broken`` replaces that method of ``owner``. Return ``broken``."""
    MUTATIONS[name] = Mutation(name, what, owner, method, broken, also)
    return broken


def mutation(
    name: str, what: str, owner: Any, method: str, *, also: tuple[tuple[Any, str, Any], ...] = ()
) -> Callable[[Any], Any]:
    """Return a decorator that registers the decorated function as the replacement."""
    return functools.partial(register, name, what, owner, method, also=also)


def returning(value: object) -> Callable[..., Any]:
    """Return a replacement that does nothing and returns ``value``."""
    return lambda *_args, **_options: value
