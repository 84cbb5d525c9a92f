"""The documents say what is true: every remote method, error and setting is in them, and their links lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from game.errors import TicTacToeError
from server.communication.front_door import FrontDoor
from server.communication_server import CommunicationPeer
from server.main.peer_api import MainPeerApi
from server.main.room_api import RoomApi
from server.process.base_api import ClientApi, PeerApi
from server.replication.replica_service import ReplicaService
from server.settings import ROOT, Settings, as_environment, load

PROTOCOL = (ROOT / "docs" / "protocol.md").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
FOLDERS = "bench|client|docs|game|server|simulator|tests|tools|verify|wire"
RECORDS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
HEADINGS = ["## Context", "## Decision", "## Consequences", "## Measured"]
REMOTE_CLASSES = (FrontDoor, RoomApi, ClientApi, PeerApi, MainPeerApi, CommunicationPeer, ReplicaService)


def remote_methods() -> Iterator[tuple[str, tuple[str, ...]]]:
    for kind in REMOTE_CLASSES:
        for name in vars(kind):
            checks = getattr(getattr(kind, name), "checks", None)
            if checks is not None:
                yield name, tuple(checks)


def family(root: type[TicTacToeError]) -> Iterator[type[TicTacToeError]]:
    for child in root.__subclasses__():
        if not child.__module__.startswith("test"):
            yield child
            yield from family(child)


@pytest.mark.parametrize(("method", "arguments"), sorted(set(remote_methods())))
def test_every_remote_method_is_documented_with_its_arguments(method: str, arguments: tuple[str, ...]) -> None:
    signatures = re.findall(rf"`{method}\(([^)]*)\)`", PROTOCOL)
    assert ", ".join(arguments) in signatures, f"docs/protocol.md has no `{method}({', '.join(arguments)})`"


@pytest.mark.parametrize("code", sorted({kind.code for kind in family(TicTacToeError)} - {"refused"}))
def test_every_error_is_in_the_table(code: str) -> None:
    assert re.search(rf"^\| `{code}` \|", PROTOCOL, re.MULTILINE)


def test_the_example_has_every_setting_at_its_default_and_no_other() -> None:
    found = dict(re.findall(r"^# ([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))
    assert found == {**as_environment(Settings()), "DATA_FOLDER": ""}


def test_the_example_uncommented_is_the_default(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(re.sub(r"^# ([A-Z_]+=)", r"\1", EXAMPLE, flags=re.MULTILINE))
    assert load(environment={}, file=file) == Settings()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_links_and_named_files_are_there(document: Path) -> None:
    text = document.read_text()
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text) + re.findall(r'(?:src|srcset)="([^"]+)"', text):
        assert "://" in link or (document.parent / link).exists(), link
    for named in re.findall(rf"`((?:{FOLDERS})/[\w/.-]+)`", text):
        assert (ROOT / named).exists(), named


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_a_decision_record_is_one_page_with_its_headings(record: Path) -> None:
    lines = record.read_text().splitlines()
    title, _, status, *_ = lines
    assert title.startswith("# ")
    assert re.match(r"Status: (accepted|superseded by \[\d{4}\])", status)
    headings = [line for line in lines if line.startswith("## ")]
    assert headings in (HEADINGS, HEADINGS[:-1])
    assert len(lines) <= 45


def test_the_index_of_decisions_has_every_record_with_its_title() -> None:
    index = (RECORDS[0].parent / "README.md").read_text()
    listed = re.findall(r"^- \[(\d{4})\]\(([\w.-]+)\) (.+)$", index, re.MULTILINE)
    expected = [(file.name[:4], file.name, file.read_text().partition("\n")[0].removeprefix("# ")) for file in RECORDS]
    assert sorted(listed) == expected
    assert [number for number, _, _ in expected] == [f"{number:04}" for number in range(1, len(RECORDS) + 1)]


@pytest.mark.parametrize("document", ["architecture.md", "simulation.md"])
def test_named_classes_are_there(document: str) -> None:
    named = set(re.findall(r"`([A-Z][a-z]+(?:[A-Z][a-z]+)+)`", (ROOT / "docs" / document).read_text()))
    sources = (file for folder in FOLDERS.split("|") for file in (ROOT / folder).rglob("*.py"))
    classes = {name for file in sources for name in re.findall(r"^class (\w+)", file.read_text(), re.MULTILINE)}
    assert named
    assert named <= classes
