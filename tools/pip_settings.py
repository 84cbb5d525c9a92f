"""Prints this machine's pip settings as environment variables, PIP_NAME=VALUE, each ended by a zero byte.

They come from all places that pip reads: pip.conf of the machine and of the user, and the environment. So pip on
another machine finds packages as pip does here. Used by ``test_machines.sh``.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Mapping


def as_environment(listing: Iterable[str]) -> Mapping[str, str]:
    """Return the variables for the lines of ``pip config list``, such as ``global.index-url='https://…'``.

    pip lists from weak to strong: a setting for all commands, then of one command, then of the environment.
    """
    found: dict[str, str] = {}
    for line in sorted(listing, key=_strength):
        name, _, value = line.partition("=")
        variable = name.rpartition(".")[2].upper().replace("-", "_")
        found[f"PIP_{variable}"] = str(ast.literal_eval(value))
    return found


def _strength(line: str) -> int:
    section = line.partition(".")[0]
    return {"global": 0, ":env:": 2}.get(section, 1)


if __name__ == "__main__":
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], check=True, capture_output=True, text=True
    ).stdout
    for variable, value in as_environment(listed.splitlines()).items():
        sys.stdout.write(f"{variable}={value}\0")
