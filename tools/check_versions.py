"""Checks the code and the pinned packages against versions of Python that are not installed here.

python tools/check_versions.py [VERSION...]     default: 3.10 3.12 3.14

For each version: mypy checks the types for it, and pip finds a wheel of every pinned package. Only a machine with that
version can run the code: see ``test_machines.sh``.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VERSIONS = ("3.10", "3.12", "3.14")
FILES = ("requirements.txt", "requirements-dev.txt", "pyproject.toml")
PIN = re.compile(r"^(?:requires = \[\")?([A-Za-z0-9][\w.-]*==[\w.]+)")


def pins(root: Path) -> list[str]:
    """Return every pinned package with its version, also those for some versions or systems only."""
    return sorted({pin for file in FILES for pin in _pins_of((root / file).read_text())})


def _pins_of(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if found := PIN.match(line):
            yield found[1]


def check(version: str, wanted: list[str]) -> list[str]:
    """Check a version. Return the output of each check that failed."""
    with tempfile.TemporaryDirectory(prefix="tictactoe-wheels-") as folder:
        for_it = ("--python-version", version, "--only-binary", ":all:", "--no-deps", "--dest", folder)
        checks = (("mypy", "--python-version", version), ("pip", "download", "--quiet", *for_it, *wanted))
        done = [
            subprocess.run([sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, check=False)
            for words in checks
        ]
    return [one.stdout + one.stderr for one in done if one.returncode]


def main(versions: list[str]) -> int:
    """Check all versions. Return the exit status."""
    wanted, failed = pins(ROOT), False
    for version in versions or VERSIONS:
        wrong = check(version, wanted)
        failed = failed or bool(wrong)
        print("\n".join([f"Python {version}: {'FAILED' if wrong else f'types and {len(wanted)} wheels'}", *wrong]))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
