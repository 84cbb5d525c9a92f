"""A register that can also be written on a condition."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from verify.history.models import Read, RegisterSpecification, Write


@dataclass(frozen=True)
class CompareAndSet:
    """Write ``value`` if the register has ``expected``. The answer is whether it was written."""

    expected: Hashable
    value: Hashable


class CasRegister(RegisterSpecification):
    def step(self, state: Hashable, operation: Read | Write | CompareAndSet) -> tuple[Hashable, object]:
        if not isinstance(operation, CompareAndSet):
            return super().step(state, operation)
        same = state == operation.expected
        return (operation.value if same else state), same
