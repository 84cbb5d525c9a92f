"""People at models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from client.credentials import Credentials
from client.desktop.model.app import AppModel, StartOptions
from client.desktop.model.base.local_servers import OpenLocalServers
from client.desktop.model.base.preferences import Preferences
from tests.client.desktop.model.seat import Seat, SitDown


@pytest.fixture
def sit_down(tmp_path: Path) -> Iterator[SitDown]:
    """Make somebody on a server; all are gone in the end."""
    seats: list[Seat] = []

    def make(server: str, name: str = "", *, own: OpenLocalServers | None = None, room: str = "") -> Seat:
        model = AppModel(
            own_server=server,
            options=StartOptions(name=name, server=server, room=room),
            open_servers=own,
            preferences=Preferences(tmp_path / name / "window.json"),
            credentials=Credentials(tmp_path / name / "tokens.json"),
        )
        seats.append(Seat(model))
        return seats[-1]

    yield make
    for seat in seats:
        seat.model.close()
