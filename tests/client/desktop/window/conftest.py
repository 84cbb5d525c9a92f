"""A display with an application on it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
import ttkbootstrap as ttk

from client.desktop.window.widgets.gc_on_tk_thread import THRESHOLDS, collect_here
from tests.client.desktop.window.windows import Desk


@pytest.fixture(scope="session")
def app() -> Iterator[ttk.App]:
    """The one root that a process can have."""
    app = ttk.App(iconphoto=None)
    app.withdraw()
    collect_here(app)
    yield app
    app.destroy()
    gc.unfreeze()
    gc.collect()
    gc.set_threshold(*THRESHOLDS)


@pytest.fixture
def desk(app: ttk.App, tmp_path: Path) -> Iterator[Desk]:
    """A desk without windows yet."""
    desk = Desk(app, tmp_path)
    yield desk
    desk.clear()
