"""What the tests of the simulator share."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from client.desktop.window.widgets.gc_on_tk_thread import THRESHOLDS


@pytest.fixture(autouse=True, scope="module")
def garbage_is_collected() -> Iterator[None]:
    """Whole worlds are garbage after each schedule. Tests of windows that ran in this process before may have left the
    collecting to Tk's loop, which does not run here.
    """
    before = gc.get_threshold()
    gc.set_threshold(*THRESHOLDS)
    yield
    gc.set_threshold(*before)
