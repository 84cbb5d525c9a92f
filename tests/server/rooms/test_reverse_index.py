"""The rooms of names: of players in matches, and what is left when a room is gone."""

from __future__ import annotations

from server.rooms.lobby import Row, players_of_match
from server.rooms.reverse_index import ReverseIndex


def match_of(*players: str, goes_on: bool = True) -> Row:
    return {"match": goes_on, "players": dict(zip("XO", players, strict=True))}


class Matches(ReverseIndex[Row]):
    """Running matches that remember the rows of their rooms."""

    def __init__(self) -> None:
        super().__init__(players_of_match)
        self.rows: dict[str, Row | None] = {}

    def become(self, room: str, row: Row | None) -> None:
        self.put(room, self.rows.get(room), row)
        self.rows[room] = row


def test_who_is_in_two_matches_is_still_in_the_other_when_one_is_over() -> None:
    """A rematch after a series can begin while one of the two plays somebody else by now."""
    matches = Matches()
    matches.become("first", match_of("ann", "bob"))
    matches.become("first", match_of("ann", "bob", goes_on=False))
    matches.become("second", match_of("cy", "ann"))
    matches.become("first", match_of("bob", "ann"))
    assert (matches.latest("ann"), matches.of("ann")) == ("first", ("second", "first"))
    matches.become("first", None)
    assert [matches.latest(name) for name in ("ann", "bob", "cy")] == ["second", None, "second"]
    matches.become("second", match_of("cy", "ann"))
    matches.become("second", None)
    matches.become("second", None)
    assert [matches.latest(name) for name in ("ann", "bob", "cy")] == [None] * 3
    assert not matches.of("ann")


def test_players_who_change_seats_stay_in_their_match() -> None:
    matches = Matches()
    matches.become("first", match_of("ann", "bob"))
    matches.become("second", match_of("ann", "cy"))
    matches.become("first", match_of("bob", "ann"))
    assert matches.of("ann") == ("first", "second")


def test_a_match_that_was_forgotten_early_may_end_later() -> None:
    matches = ReverseIndex(players_of_match)
    row = match_of("ann", "bob")
    matches.put("room", None, row)
    matches.put("room", row, None)
    matches.put("room", row, None)
    assert not list(matches.keys)


def test_g9_matches_that_are_over_leave_nothing_behind() -> None:
    matches = Matches()
    for number in range(100):
        matches.become(f"room{number}", match_of("bot", f"p{number}"))
    assert matches.of("bot") == tuple(f"room{number}" for number in range(100))
    for number in range(100):
        matches.become(f"room{number}", None)
    assert not list(matches.keys)
