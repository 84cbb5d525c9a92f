"""An endpoint knows when its accept loop is stuck."""

from __future__ import annotations

import threading
import time

import pytest

from tests.conditions import PATIENCE_S
from wire.rpc import Address, Endpoint

pytestmark = pytest.mark.filterwarnings("ignore:isSet")  # what the library itself still calls
LATER_S = 1000.0


def test_a_loop_that_has_not_begun_is_not_stuck_and_one_that_stands_still_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Taking in a large journal may take long, and only then the loop begins."""
    endpoint = Endpoint(Address("127.0.0.1", 0))
    now = time.monotonic
    monkeypatch.setattr("wire.rpc.endpoint.time.monotonic", lambda: now() + LATER_S)
    assert endpoint.idle_s == 0.0
    turns = threading.Semaphore(0)
    serving = threading.Thread(target=endpoint.serve, args=(lambda: turns.release() is None,), daemon=True)
    serving.start()
    assert turns.acquire(timeout=PATIENCE_S)
    assert endpoint.idle_s < LATER_S
    endpoint.close()
    serving.join()
    monkeypatch.setattr("wire.rpc.endpoint.time.monotonic", lambda: now() + 2 * LATER_S)
    assert endpoint.idle_s >= LATER_S / 2
