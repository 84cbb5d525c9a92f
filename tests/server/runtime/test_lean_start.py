"""What a server imports is time that a takeover takes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from server.settings import ROOT


@pytest.mark.parametrize("script", ["main_server", "communication_server", "replication_server"])
def test_a_server_does_not_import_what_only_the_command_line_needs(script: str) -> None:
    imports = f"import sys, server.{script}; print({{'rich', 'typer', 'pygments', 'tkinter'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", imports], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
