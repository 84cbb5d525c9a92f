"""The scripts that check the project on other machines and for other versions of Python, as far as they run here."""

from __future__ import annotations

import runpy
import subprocess
from pathlib import Path

import pytest

from server.settings import ROOT

TOOLS = ROOT / "tools"
SCRIPTS = sorted(TOOLS.glob("*.sh"))


def test_every_pin_is_looked_for_whatever_version_or_system_it_is_for(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("# needs\n-e .\nmsgpack==1.2.4\ntomli==2.5.0; python_version < '3.11'\n")
    (tmp_path / "requirements-dev.txt").write_text("-r requirements.txt\nmsgpack==1.2.4   # again\n")
    (tmp_path / "pyproject.toml").write_text('[build-system]\nrequires = ["setuptools==84.2.1"]\n')
    pins = runpy.run_path(str(TOOLS / "check_versions.py"))["pins"]
    assert pins(tmp_path) == ["msgpack==1.2.4", "setuptools==84.2.1", "tomli==2.5.0"]
    written = (ROOT / "requirements.txt").read_text() + (ROOT / "requirements-dev.txt").read_text()
    lines = {line.partition("#")[0].partition(";")[0].strip() for line in written.splitlines() if "==" in line}
    assert set(pins(ROOT)) > lines


def test_pip_has_the_same_settings_on_another_machine() -> None:
    listing = [
        ":env:.timeout='5'",
        "global.extra-index-url='https://one/simple https://two/simple'",
        "global.timeout='60'",
        "download.cert='/etc/own.pem'",
    ]
    settings = runpy.run_path(str(TOOLS / "pip_settings.py"))["as_environment"](listing)
    assert settings == {
        "PIP_EXTRA_INDEX_URL": "https://one/simple https://two/simple",
        "PIP_CERT": "/etc/own.pem",
        "PIP_TIMEOUT": "5",
    }


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_script_has_no_error_of_grammar(script: Path) -> None:
    subprocess.run(["bash", "-n", script], check=True)


def test_no_host_of_packages_is_named_in_what_makes_machines() -> None:
    """Where packages come from is the machine's own matter."""
    text = (TOOLS / "test_machines.sh").read_text() + (TOOLS / "pip_settings.py").read_text()
    assert "debian.org" not in text
    assert "pypi.org" not in text
