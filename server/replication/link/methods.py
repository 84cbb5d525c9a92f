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
        self._methods = {name: _Method(method) for name, method in found if method is not None}

    def carry_out(self, name: str, arguments: Raw) -> Any:
        """Call a method, and return its value, its deferred value, or a procedure that returns its value.

        Raises the error of the method, and InvalidArgument.
        """
        method = self._methods.get(name)
        if method is not None:
            return method.call(arguments)
        if name in METHODS:
            raise NotReady("the copy is not open yet")
        raise InvalidArgument(f"the replica link has no method {name[:40]}")


class _Method:
    def __init__(self, method: Any) -> None:
        checks: tuple[Check, ...] = tuple(method.checks.values())
        self._remote: Callable[..., Any] = method
        self._unchecked: Callable[..., Any] = method.__wrapped__.__get__(method.__self__)
        kinds = tuple(check.kind if isinstance(check, RowCheck) else Any for check in checks)
        self._read = msgspec.msgpack.Decoder(tuple[kinds]).decode  # type: ignore[valid-type]  # made here
        self._rows = [(at, check.check) for at, check in enumerate(checks) if isinstance(check, RowCheck)]
        self._others = [(at, check) for at, check in enumerate(checks) if not isinstance(check, RowCheck)]

    def call(self, raw: Raw) -> Any:
        try:
            values = list(self._read(raw))
            for at, check in self._others:
                values[at] = check(values[at])
            for at, check in self._rows:
                check(values[at])
        except (msgspec.MsgspecError, UnicodeError, InvalidArgument):
            return self._remote(*read_arguments(raw))
        return carry_out(self._unchecked, values)
