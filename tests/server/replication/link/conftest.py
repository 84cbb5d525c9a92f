"""Both ends of a link, on each kind of event loop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.replication.link.ends import LOOPS, Ends


@pytest.fixture(params=LOOPS)
def ends(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ends]:
    ends = Ends(request.param, tmp_path / "run")
    ends.server.listen()
    yield ends
    ends.close()
