"""What the servers say about a room, as clients have it."""

from __future__ import annotations

from tests.game.playing import started
from tests.model.seen import seen


def test_a_seat_is_found_by_any_spelling_of_its_owners_name() -> None:
    view = seen(started())
    assert [view.seat_of(name) for name in ("ann", "Ann", "ANN", "bob", "BOB")] == ["X", "X", "X", "O", "O"]
    assert view.seat_of("eve") is None
