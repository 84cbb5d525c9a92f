"""``python tictactoe.py`` with a Python that has none of the packages."""

from __future__ import annotations

import subprocess
import sys

from server.settings import ROOT
from tests.conditions import A_RUN_S


def test_a_python_without_the_packages_is_told_how_to_get_them() -> None:
    bare = [sys.executable, "-I", "-S", "tictactoe.py"]
    run = subprocess.run(bare, cwd=ROOT, capture_output=True, text=True, timeout=A_RUN_S, check=False)
    assert run.returncode == 1
    assert "make setup" in run.stderr
    assert ". .venv/bin/activate" in run.stderr
    assert len(run.stderr.splitlines()) == 1
