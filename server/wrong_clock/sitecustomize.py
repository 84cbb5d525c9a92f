"""Makes this process's wall clock wrong: Python imports it at its start where ``clocks`` has put it on the path.

The monotonic clock stays right, as it does when somebody sets a machine's clock. The file in WRONG_CLOCK has offsets in
seconds; which of them is this process's own follows from its pid, so the clocks of several processes are apart, and
when the file changes they jump. Nothing of ours is imported here: every start of a process pays for it.
"""

from __future__ import annotations

import os
import time

_right_time = time.time
_monotonic = time.monotonic


class _Offset:
    """This process's own, looked up again every now and then."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._value = 0.0
        self._read_at = float("-inf")

    def __call__(self) -> float:
        if _monotonic() - self._read_at > 0.1:
            self._read_at = _monotonic()
            with open(self._file) as offsets:  # noqa: PTH123  # pathlib would double what every start costs
                values = offsets.read().split()
            self._value = float(values[os.getpid() % len(values)])
        return self._value


def _make_wrong(offset: _Offset) -> None:
    right_localtime, right_gmtime, right_strftime = time.localtime, time.gmtime, time.strftime

    def wrong_time() -> float:
        return _right_time() + offset()

    time.time = wrong_time
    time.time_ns = lambda: int(wrong_time() * 1e9)
    time.localtime = lambda seconds=None: right_localtime(wrong_time() if seconds is None else seconds)
    time.gmtime = lambda seconds=None: right_gmtime(wrong_time() if seconds is None else seconds)
    time.strftime = lambda form, moment=None: right_strftime(form, time.localtime() if moment is None else moment)


_file = os.environ.get("WRONG_CLOCK")
if _file:
    _make_wrong(_Offset(_file))
