"""A private network namespace, in which traffic to and from a port can be cut. Only on Linux.

It has only a loopback interface. A cut is a routing rule: packets to ("in") or from ("out") a TCP port have no route.
Open connections stay open and receive nothing. New ones fail or wait.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from typing import Literal, NoReturn

INSIDE = "TICTACTOE_OWN_NETWORK"
"""The environment variable of a process that was started again in a network namespace."""
_LOCAL_PREFERENCE = "100"
_CUT_PREFERENCE = "10"

Way = Literal["in", "out"]
Direction = Literal[Way, "both"]


def ways(direction: Direction) -> tuple[Way, ...]:
    """Return the ways that a direction has."""
    return ("in", "out") if direction == "both" else (direction,)


def _go_on(command: list[str]) -> NoReturn:
    sys.stdout.flush()
    os.execve(command[0], command, {**os.environ, INSIDE: "1"})


def enter(command: list[str]) -> str:
    """Replace this process by ``command`` in a new network namespace.

    Return only if that is not possible, with the reason.

    In the new process it brings the loopback interface up and returns "".
    """
    if os.environ.get(INSIDE):
        return _set_up()
    if sys.platform != "linux":
        return "only Linux has network namespaces"
    unshare = shutil.which("unshare")
    if unshare is None or shutil.which("ip") is None:
        return "unshare (util-linux) or ip (iproute2) is not installed"
    root = ["--map-root-user"] if os.geteuid() else []
    probe = [unshare, *root, "--net", "ip", "rule", "add", "pref", _CUT_PREFERENCE, "ipproto", "tcp", "dport", "9"]
    tried = subprocess.run([*probe, "unreachable"], capture_output=True, text=True, check=False)
    if tried.returncode:
        return f"cannot create a network namespace: {tried.stderr.strip() or 'not permitted'}"
    _go_on([unshare, *root, "--net", *command])


def _set_up() -> str:
    """Bring the loopback interface up, and make room for rules before the rule for local addresses.

    Return the error, or "".
    """
    try:
        for words in (
            "link set lo up",
            f"rule add pref {_LOCAL_PREFERENCE} lookup local",
            "rule del pref 0 lookup local",
        ):
            _ip(words)
    except OSError as error:
        return str(error)
    return ""


class NetworkCuts:
    """The cuts in the namespace. A port may be cut several times; it is open again when all cuts are undone."""

    def __init__(self) -> None:
        # By routing rule: the number of cuts that are not undone. The rule exists while it is above 0.
        self._cut: Counter[str] = Counter()

    def cut(self, port: int, direction: Direction) -> bool:
        """Cut a port off. It is possible for any port."""
        for rule in _rules(port, direction):
            self._cut[rule] += 1
            if self._cut[rule] == 1:
                _ip(f"rule add {rule}")
        return True

    def mend(self, port: int, direction: Direction) -> None:
        """Undo ``cut`` once."""
        for rule in _rules(port, direction):
            self._cut[rule] -= 1
            if self._cut[rule] == 0:
                _ip(f"rule del {rule}")


def _rules(port: int, direction: Direction) -> list[str]:
    rule = f"pref {_CUT_PREFERENCE} ipproto tcp"
    rules = {"in": f"{rule} dport {port} unreachable", "out": f"{rule} sport {port} blackhole"}
    return [rules[way] for way in ways(direction)]


def _ip(words: str) -> None:
    """Run ``ip``. Raises OSError if that fails: a chaos run without a cut would prove nothing."""
    done = subprocess.run(["ip", *words.split()], capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"ip {words}: {done.stderr.strip()}")
