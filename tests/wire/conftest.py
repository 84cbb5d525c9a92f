"""Both kinds of event loops, for every test of connections."""

from __future__ import annotations

import asyncio

import pytest
import uvloop

from tests.wire.serving import NewLoop


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def new_loop(request: pytest.FixtureRequest) -> NewLoop:
    """Make event loops of one kind."""
    made: NewLoop = request.param
    return made
