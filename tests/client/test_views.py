"""What the servers say about a room, as clients have it."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from client.views import line_from, row_from, view_from
from game.forms import views
from tests.client.desktop.model.seen import seen
from tests.game.playing import JUNK, UNTIMED, started, won_by_x
from wire.errors import ProtocolMismatch

VIEW = views.view(won_by_x())


def test_a_seat_is_found_by_any_spelling_of_its_owners_name() -> None:
    view = seen(started())
    assert [view.seat_of(name) for name in ("ann", "Ann", "ANN", "bob", "BOB")] == ["X", "X", "X", "O", "O"]
    assert view.seat_of("eve") is None


@UNTIMED
@given(JUNK, st.sampled_from(sorted(VIEW)))
def test_an_answer_of_another_shape_is_one_error(junk: Any, field: str) -> None:
    for read, plain in ((view_from, {**VIEW, field: junk}), (view_from, junk), (row_from, junk), (line_from, junk)):
        try:
            read(plain)
        except ProtocolMismatch:
            continue
    assert view_from(VIEW).room == "abcd"
