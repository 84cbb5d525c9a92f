"""The methods of the link, with the checks of their arguments. No I/O of its own.

Rows are read straight into typed values, and then checked as ``message_checks`` checks them. What does not pass is read
again as plain data and given to the remote method, which refuses it and names the wrong argument.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Raw

from game.errors import InvalidArgument
from server.log.message_checks import RowCheck
from server.replication.link.encoding import read_arguments
from wire.arguments import Check, carry_out
from wire.errors import NotReady

METHODS = (
    *("check_machine", "standing", "take_office", "attach", "forgotten_at", "append"),
    *("begin_copy", "add_to_copy", "end_copy", "copies", "terms", "drop_after_gaps"),
    *("damage", "rows_of", "mend", "forget"),
)


class Methods:
    """The remote methods of the object that answers on the link."""

    def __init__(self, service: object) -> None:
        """``service`` may lack some methods while its copy of the log is not open."""
        found = ((name, getattr(service, name, None)) for name in METHODS)
        self._methods = {name: _caller_of(method) for name, method in found if method is not None}

    def carry_out(self, name: str, arguments: Raw) -> Any:
        """Call a method, and return its value, its deferred value, or a procedure that returns its value.

        Raises the error of the method, and InvalidArgument.
        """
        method = self._methods.get(name)
        if method is not None:
            return method(arguments)
        if name in METHODS:
            raise NotReady("the copy is not open yet")
        raise InvalidArgument(f"the replica link has no method {name[:40]}")


def _caller_of(method: Any) -> Callable[[Raw], Any]:
    """Return a function that calls a bound remote method with unread arguments."""
    checks: tuple[Check, ...] = tuple(method.checks.values())
    kinds = tuple(check.kind if isinstance(check, RowCheck) else Any for check in checks)
    read = msgspec.msgpack.Decoder(tuple[kinds]).decode  # type: ignore[valid-type]  # made here
    checks_of_read = [check.check if isinstance(check, RowCheck) else check for check in checks]  # none changes a value
    unchecked = method.__wrapped__.__get__(method.__self__)

    def call(arguments: Raw) -> Any:
        try:
            values: tuple[Any, ...] = read(arguments)
            for check, value in zip(checks_of_read, values, strict=True):
                check(value)
        except (msgspec.MsgspecError, UnicodeError, InvalidArgument):
            return method(*read_arguments(arguments))
        return carry_out(unchecked, values)

    return call
