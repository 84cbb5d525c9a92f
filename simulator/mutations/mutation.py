"""What a deliberate fault is: one method of one machine, replaced for as long as it is broken."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch


@dataclass(frozen=True)
class Mutation:
    """One deliberate fault."""

    name: str
    what: str
    """What the machine does wrong, in one sentence."""
    owner: Any
    method: str
    broken: Any
    also: tuple[tuple[Any, str, Any], ...] = ()
    """What else is replaced: a second line of defence that would hide the fault."""

    @contextlib.contextmanager
    def bite(self) -> Iterator[None]:
        """While inside, the machine is broken."""
        with contextlib.ExitStack() as stack:
            for owner, method, broken in ((self.owner, self.method, self.broken), *self.also):
                stack.enter_context(patch.object(owner, method, broken))
            yield


TEETH: dict[str, Mutation] = {}
"""All deliberate faults, by name."""


def tooth(
    name: str, what: str, owner: Any, method: str, *, also: tuple[tuple[Any, str, Any], ...] = ()
) -> Callable[[Any], Any]:
    """What is decorated replaces that method of its owner while the fault bites."""

    def keep(broken: Any) -> Any:
        TEETH[name] = Mutation(name, what, owner, method, broken, also)
        return broken

    return keep
