"""A match in its room, from two people who asked for one to the end: select, play, end. Clocks are in
``test_timed_games``, offers in ``test_decide_offers``.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from game.context import Context
from game.errors import (
    GameNotRunning,
    InvalidArgument,
    InvariantBroken,
    NotAllowed,
    NotAPlayer,
    NotInRoom,
    RoomClosed,
    RoomExists,
)
from game.forms import views
from game.games import registry
from game.games.registry import DEFAULT_GAME, short_list
from game.match.selection import SELECT_MS, Choices, Proposal
from game.rooms.commands import SYSTEM, Close, Create, Due, Leave, Lock, Match, Propose, Remove
from game.rooms.events import Agreed, Closed, Created, Left, Proposed, Returned, Seated, Selecting, Started
from game.rooms.state import BETWEEN_GAMES_MS, Room, answer_now, answer_to, nothing
from tests.game.playing import (
    after,
    decided,
    due,
    joined,
    left,
    matched,
    opened,
    played,
    playing,
    rematched,
    request,
    resigned,
    system_request,
    watched,
    won_by_x,
)

R = "request"
LIST = short_list(DEFAULT_GAME)
SMALL = {"board": "3x3", "best_of": 1, "clock": "none"}
LARGE = {"board": "10x10", "best_of": 5, "clock": "3+2"}
THREE = {"width": 3, "height": 3, "in_a_row": 3}
TEN = {"width": 10, "height": 10, "in_a_row": 5}


def proposed(room: Room, name: str, what: dict[str, object], at: int = 0) -> Room:
    return after(room, Propose(name, request(), what), at=at)


# -- select -----------------------------------------------------------------------------------------------------------


def test_a_match_has_its_players_and_asks_them_what_they_would_play() -> None:
    match = Match(SYSTEM, R, DEFAULT_GAME, ("ann", "bob"), LIST, True, ("bob",))
    assert decided(nothing("abcd"), match, Context(700)) == (
        Created(SYSTEM, R, "abcd", "", DEFAULT_GAME, THREE, rated=True, bots=("bob",), at=700),
        Seated("ann", R, "X", at=700),
        Seated("bob", R, "O", at=700),
        Selecting(SYSTEM, R, LIST.boards, LIST.best_ofs, LIST.clocks, 700 + SELECT_MS, at=700),
    )
    room = matched(at=700)
    assert (room.phase, room.is_match, room.players, room.due_at) == ("selecting", True, ("ann", "bob"), 15_700)


def test_where_there_is_nothing_to_choose_they_play_at_once() -> None:
    only = Choices(("10x10",), (5,), ("3+2",))
    events = decided(nothing("abcd"), Match(SYSTEM, R, DEFAULT_GAME, ("ann", "bob"), only, True), Context(7, 5, 99))
    assert events[-2:] == (
        Agreed(SYSTEM, R, TEN, None, "10x10", 5, "3+2", at=7),
        Started(SYSTEM, R, "ann", "bob", 1, 99, at=7),
    )
    assert matched(only).phase == "playing"


def test_a_match_is_opened_once() -> None:
    with pytest.raises(RoomExists):
        decided(opened(), Match(SYSTEM, R, DEFAULT_GAME, ("ann", "bob"), LIST, True))
    with pytest.raises(RoomExists):
        decided(matched(), Create("ann", R, "", DEFAULT_GAME, {}))


def test_when_both_propose_the_same_that_is_played() -> None:
    room = matched()
    assert decided(room, Propose("ann", R, LARGE), Context(5)) == (Proposed("ann", R, "X", **LARGE, at=5),)  # type: ignore[arg-type]
    room = proposed(room, "ann", LARGE)
    assert decided(room, Propose("bob", R, LARGE), Context(9, 1, 77)) == (
        Proposed("bob", R, "O", "10x10", 5, "3+2", at=9),
        Agreed("bob", R, TEN, None, "10x10", 5, "3+2", at=9),
        Started("bob", R, "ann", "bob", 1, 77, at=9),
    )
    room = proposed(room, "bob", LARGE, at=9)
    assert (room.phase, room.selection, room.best_of) == ("playing", None, 5)
    assert room.rules.options() == TEN
    assert len(room.position.cells) == 100
    assert room.clock is not None
    assert (room.clock.left, room.clock.since) == ((180_000, 180_000), 9)


def test_who_proposes_again_has_changed_their_mind() -> None:
    room = proposed(proposed(proposed(matched(), "ann", LARGE), "bob", SMALL), "ann", SMALL)
    assert (room.phase, room.best_of) == ("playing", 1)
    room = proposed(matched(), "ann", LARGE)
    assert decided(room, Propose("ann", R, LARGE)) == ()


@pytest.mark.parametrize("chance", range(4))
def test_at_the_deadline_lots_are_drawn_between_what_they_propose(chance: int) -> None:
    room = proposed(proposed(matched(), "ann", LARGE), "bob", SMALL)
    assert decided(room, Due(SYSTEM, R), Context(SELECT_MS - 1, chance)) == ()
    drawn = SMALL if chance % 2 else LARGE
    options = THREE if chance % 2 else TEN
    assert decided(room, Due(SYSTEM, R), Context(SELECT_MS, chance, 33)) == (
        Agreed(SYSTEM, R, options, chance, drawn["board"], drawn["best_of"], drawn["clock"], at=SELECT_MS),  # type: ignore[arg-type]
        Started(SYSTEM, R, "ann", "bob", 1, 33, at=SELECT_MS),
    )


def test_lots_are_drawn_from_the_list_for_two_who_said_nothing() -> None:
    room = due(matched(), SELECT_MS, chance=2 * (LIST.ways - 1))
    assert (room.phase, room.best_of) == ("playing", LIST.best_ofs[-1])


@pytest.fixture
def with_a_shorter_list(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Turns this version into one without the board and the clock of ``LARGE``."""

    def shorten() -> None:
        monkeypatch.setattr(registry, "_BOARDS", {DEFAULT_GAME: {"3x3": THREE, "5x5": {"width": 5, "height": 5}}})
        monkeypatch.setattr(registry, "CLOCKS", ("none", "10s"))

    return shorten


@pytest.mark.parametrize("chance", range(40))
def test_what_a_later_version_has_no_more_is_not_drawn(chance: int, with_a_shorter_list: Callable[[], None]) -> None:
    silent, only_large = matched(), matched(Choices(("10x10",), (1, 5), ("3+2",)))
    proposing = proposed(proposed(matched(), "ann", LARGE), "bob", SMALL)
    with_a_shorter_list()
    for room in (silent, only_large, proposing):
        drawn, begun = decided(room, Due(SYSTEM, R), Context(SELECT_MS, chance))
        assert isinstance(drawn, Agreed)
        assert (drawn.board in ("3x3", "5x5"), drawn.clock in ("none", "10s")) == (True, True)
        assert isinstance(begun, Started)
        assert due(room, SELECT_MS, chance).phase == "playing"


def test_what_a_later_version_has_no_more_is_not_agreed_on(with_a_shorter_list: Callable[[], None]) -> None:
    room = proposed(matched(), "ann", LARGE)
    with_a_shorter_list()
    with pytest.raises(InvalidArgument):
        decided(room, Propose("bob", R, LARGE))
    assert proposed(proposed(room, "ann", SMALL), "bob", SMALL).phase == "playing"


def test_proposing_is_for_players_of_a_match_that_selects() -> None:
    room = watched(matched(), "cleo")
    for name, refusal in (("dan", NotInRoom), ("cleo", NotAPlayer)):
        with pytest.raises(refusal):
            decided(room, Propose(name, R, SMALL))
    with pytest.raises(InvalidArgument):
        decided(room, Propose("ann", R, {**SMALL, "best_of": 7}))
    for other in (won_by_x(), playing(), joined(opened(), "ann")):
        with pytest.raises(GameNotRunning):
            decided(other, Propose("ann", R, SMALL))


def test_who_was_away_and_proposes_is_back() -> None:
    room = left(proposed(matched(), "ann", LARGE), "ann")
    assert decided(room, Propose("ann", R, LARGE)) == (Returned("ann", R),)
    assert decided(room, Propose("ann", R, SMALL))[0] == Returned("ann", R)


# -- play -------------------------------------------------------------------------------------------------------------


def won_by(room: Room, name: str) -> Room:
    return resigned(room, next(player for player in room.players if player != name))


def test_games_of_a_series_follow_by_themselves_and_who_starts_alternates() -> None:
    room = won_by(playing(best_of=3, at=1000), "bob")
    assert (room.phase, room.series_is_over, room.due_at) == ("finished", False, 1000 + BETWEEN_GAMES_MS)
    assert decided(room, Due(SYSTEM, R), Context(999 + BETWEEN_GAMES_MS)) == ()
    assert decided(room, Due(SYSTEM, R), Context(9000, 0, 44)) == (Started(SYSTEM, R, "bob", "ann", 2, 44, at=9000),)
    room = won_by(due(room, 9000), "ann")
    room = due(room, 20_000)
    assert (room.phase, room.game_number, room.seats) == ("playing", 3, {"X": "ann", "O": "bob"})


def test_both_can_have_the_next_game_of_a_series_earlier() -> None:
    room = rematched(won_by(playing(best_of=3), "bob"), "ann", "bob")
    assert (room.phase, room.game_number, room.wins, room.due_at) == ("playing", 2, {"bob": 1}, None)


def test_a_series_that_is_decided_is_over_and_time_brings_nothing_more() -> None:
    room = due(won_by(playing(best_of=3), "bob"), 9000)
    room = won_by(room, "bob")
    assert (room.series_is_over, room.wins, room.due_at) == (True, {"bob": 2}, None)
    assert decided(room, Due(SYSTEM, R), Context(1 << 40)) == ()


def test_a_drawn_game_is_a_whole_series_of_one() -> None:
    room = played(playing(best_of=1), 0, 1, 2, 4, 3, 5, 7, 6, 8)
    assert (room.outcome and room.outcome.termination, room.series_is_over, room.due_at) == ("full", True, None)


def test_a_rematch_is_a_new_series_and_the_other_begins() -> None:
    room = rematched(won_by(due(won_by(playing(best_of=3), "bob"), 9000), "bob"), "ann", "bob")
    assert (room.phase, room.wins, room.draws, room.game_number) == ("playing", {}, 0, 3)
    assert room.seats == {"X": "ann", "O": "bob"}
    room = won_by(room, "ann")
    assert (room.wins, room.series_is_over, room.due_at) == ({"ann": 1}, False, 9000 + BETWEEN_GAMES_MS)


def test_games_without_end_wait_for_a_rematch_and_are_never_tallied_anew() -> None:
    room = won_by_x()
    assert (room.series_is_over, room.due_at) == (False, None)
    assert rematched(room, "ann", "bob").wins == {"ann": 1}


def test_a_series_can_be_played_in_a_room_made_by_hand() -> None:
    room = after(nothing("abcd"), Create("ann", R, "", DEFAULT_GAME, {}, 3, "3+02"))
    room = won_by(joined(room, "ann", "bob"), "bob")
    assert (room.is_match, room.rated, room.due_at) == (False, False, BETWEEN_GAMES_MS)


@pytest.mark.parametrize(
    ("best_of", "clock"), [(2, "none"), (17, "none"), (3.0, "none"), ("3", "none"), (0, "fast"), (0, []), (0, None)]
)
def test_a_room_with_other_terms_is_not_opened(best_of: object, clock: object) -> None:
    with pytest.raises(InvalidArgument):
        decided(nothing("abcd"), Create("ann", R, "", DEFAULT_GAME, {}, best_of, clock))


def test_time_is_the_servers_affair() -> None:
    with pytest.raises(InvariantBroken):
        decided(matched(), Due("ann", R), Context(SELECT_MS))


# -- end --------------------------------------------------------------------------------------------------------------


def test_a_match_that_is_over_closes_when_its_last_player_goes() -> None:
    room = watched(resigned(playing(), "ann"), "cleo")
    assert decided(room, Leave("ann", R)) == (Left("ann", R),)
    room = left(room, "ann")
    assert decided(room, Leave("cleo", R)) == (Left("cleo", R),)
    assert decided(room, Leave("bob", R)) == (Left("bob", R), Closed("bob", R))
    room = after(room, Leave("bob", "last"))
    assert room.phase == "closed"
    assert answer_to(room, "bob", "last") == answer_now(room, "bob")


def test_a_match_closes_also_when_the_servers_saw_the_last_one_go() -> None:
    request_id = system_request()
    room = left(resigned(playing(), "ann"), "bob")
    assert decided(room, Leave("ann", request_id, 60_000), Context(70_000)) == (
        Left("ann", request_id, 60_000, at=70_000),
        Closed("ann", request_id, at=70_000),
    )


@pytest.mark.parametrize("room", [matched(), playing(), won_by(playing(best_of=3), "bob"), won_by_x()])
def test_a_match_that_is_not_over_and_a_room_made_by_hand_stay_open(room: Room) -> None:
    assert left(room, "ann", "bob").phase == room.phase


def test_a_match_is_the_servers_to_close_and_nobody_elses_to_lock_or_clear() -> None:
    room = watched(playing(), "cleo")
    for command in (Close("ann", R), Lock("ann", R, True), Remove("ann", R, "cleo")):
        with pytest.raises(NotAllowed):
            decided(room, command)
    assert decided(room, Close(SYSTEM, R)) == (Closed(SYSTEM, R),)


@pytest.mark.parametrize("room", [matched(), playing(clock="10s"), won_by(playing(best_of=3), "bob")])
def test_in_a_closed_match_time_stands(room: Room) -> None:
    room = after(room, Close(SYSTEM, R), at=4000)
    assert (room.due_at, room.selection, room.clock and room.clock.running) == (None, None, None)
    with pytest.raises(RoomClosed):
        decided(room, Due(SYSTEM, R), Context(1 << 40))


def test_the_view_tells_of_the_selection() -> None:
    view = views.view(proposed(matched(at=100), "bob", LARGE))
    assert view["selection"] == {
        "boards": list(LIST.boards),
        "best_ofs": list(LIST.best_ofs),
        "clocks": list(LIST.clocks),
        "until": 100 + SELECT_MS,
        "proposals": {"O": Proposal(**LARGE)._asdict()},  # type: ignore[arg-type]
    }
    assert (view["due_at"], view["phase"], view["rated"]) == (100 + SELECT_MS, "selecting", True)
