"""The command line in a Python without a package that this version needs: as after new files, before ``make setup``."""

from __future__ import annotations

import subprocess
import sys

import pytest

from server.settings import ROOT


@pytest.mark.parametrize("package", ["typer", "structlog", "msgspec"])
def test_a_missing_package_is_named_with_what_to_do(package: str) -> None:
    run = f"import runpy, sys; sys.modules[{package!r}] = None; runpy.run_path('tictactoe.py', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", run], cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith(f"This Python has no {package}. In the project's root: make setup")
    assert done.stderr.count("\n") == 1
