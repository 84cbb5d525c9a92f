"""A network namespace of one's own, in which traffic to and from a port can be cut. Linux alone.

In it there is a loopback interface and nothing more. Cutting is a routing rule: packets to ("in") or from ("out") a TCP
port have no way. Connections that are open stay open and get nothing; new ones fail or wait.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from typing import Literal, NoReturn

INSIDE = "TICTACTOE_OWN_NETWORK"
"""The environment variable that says that this process was started again in a network of its own."""
_LOCAL_PREFERENCE = "100"
_CUT_PREFERENCE = "10"

Way = Literal["in", "out"]
Direction = Literal[Way, "both"]


def ways(direction: Direction) -> tuple[Way, ...]:
    """Which of the two ways a direction means."""
    return ("in", "out") if direction == "both" else (direction,)


def _go_on(command: list[str]) -> NoReturn:
    sys.stdout.flush()
    os.execve(command[0], command, {**os.environ, INSIDE: "1"})


def enter(command: list[str]) -> str:
    """Go on as ``command`` in a network namespace of one's own; comes back only if that cannot be, and says why.

    In the one that goes on it comes back at once, with an empty text, and the loopback interface is up.
    """
    if os.environ.get(INSIDE):
        return _set_up()
    if sys.platform != "linux":
        return "only Linux has network namespaces"
    unshare = shutil.which("unshare")
    if unshare is None or shutil.which("ip") is None:
        return "unshare (util-linux) and ip (iproute2) are needed"
    root = ["--map-root-user"] if os.geteuid() else []
    probe = [unshare, *root, "--net", "ip", "rule", "add", "pref", _CUT_PREFERENCE, "ipproto", "tcp", "dport", "9"]
    tried = subprocess.run([*probe, "unreachable"], capture_output=True, text=True, check=False)
    if tried.returncode:
        return f"no network namespace can be made: {tried.stderr.strip() or 'it is not allowed'}"
    _go_on([unshare, *root, "--net", *command])


def _set_up() -> str:
    """Bring the loopback interface up, and make room for rules before the one that finds local addresses."""
    for words in (
        "link set lo up",
        f"rule add pref {_LOCAL_PREFERENCE} lookup local",
        "rule del pref 0 lookup local",
    ):
        failure = _ip(words)
        if failure:
            return failure
    return ""


class NetworkCuts:
    """What is cut in the own network; the same may be cut several times and is whole once all are undone."""

    def __init__(self) -> None:
        self._cut: Counter[str] = Counter()

    def cut(self, port: int, direction: Direction) -> bool:
        """Cut a port off; any can be."""
        for rule in _rules(port, direction):
            self._cut[rule] += 1
            if self._cut[rule] == 1:
                _must(f"rule add {rule}")
        return True

    def mend(self, port: int, direction: Direction) -> None:
        """Undo ``cut`` once."""
        for rule in _rules(port, direction):
            self._cut[rule] -= 1
            if self._cut[rule] == 0:
                _must(f"rule del {rule}")


def _rules(port: int, direction: Direction) -> list[str]:
    rule = f"pref {_CUT_PREFERENCE} ipproto tcp"
    rules = {"in": f"{rule} dport {port} unreachable", "out": f"{rule} sport {port} blackhole"}
    return [rules[way] for way in ways(direction)]


def _must(words: str) -> None:
    """Raises OSError when it cannot be done: a cut that is none would prove nothing."""
    complaint = _ip(words)
    if complaint:
        raise OSError(complaint)


def _ip(words: str) -> str:
    """Run ``ip``; what it complains of."""
    done = subprocess.run(["ip", *words.split()], capture_output=True, text=True, check=False)
    return f"ip {words}: {done.stderr.strip()}" if done.returncode else ""
