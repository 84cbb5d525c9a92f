"""A network of one's own, in which ports can be cut off; where it cannot be made, that is said."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from server.settings import ROOT
from tests.conditions import A_RUN_S
from verify.testbed import network_namespace

CUT = """
import json, socket, sys
from verify.testbed.network_namespace import NetworkCuts, enter

failure = enter([sys.executable, *sys.argv])
if failure:
    print(json.dumps({"failure": failure}))
    sys.exit()

def opens():
    try:
        socket.create_connection(("127.0.0.1", PORT), timeout=0.3).close()
    except OSError:
        return False
    return True

def goes_through():
    ours.sendall(b"?")
    try:
        return bool(theirs.recv(1))
    except TimeoutError:
        return False

PORT = 15001
listener = socket.create_server(("127.0.0.1", PORT))
ours = socket.create_connection(("127.0.0.1", PORT))
theirs, _ = listener.accept()
theirs.settimeout(0.3)
cuts = NetworkCuts()
seen = {"before": (goes_through(), opens())}
cuts.cut(PORT, "in")
cuts.cut(PORT, "both")
seen["cut"] = (goes_through(), opens())
cuts.mend(PORT, "both")
seen["mended once"] = (goes_through(), opens())
cuts.mend(PORT, "in")
theirs.settimeout(5.0)
seen["mended"] = (goes_through(), opens())
print(json.dumps(seen))
"""


def test_a_port_is_cut_until_every_cut_is_mended(tmp_path: Path) -> None:
    script = tmp_path / "cut.py"
    script.write_text(CUT)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(script)], env=environment, capture_output=True, text=True, timeout=A_RUN_S, check=False
    )
    seen = json.loads(done.stdout or "{}")
    if "failure" in seen:
        pytest.skip(seen["failure"])
    whole, cut_off = [True, True], [False, False]
    assert seen == {"before": whole, "cut": cut_off, "mended once": cut_off, "mended": whole}, done.stderr


def test_without_the_tools_it_is_said_which_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert "util-linux" in network_namespace.enter(["never started"])


def test_on_another_system_it_is_said_that_only_linux_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "Linux" in network_namespace.enter(["never started"])
