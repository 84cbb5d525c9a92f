"""What holds at every version of a room in time: clocks, what is due, series, offers, talk; over random sequences."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from game.context import Context
from game.errors import RoomClosed
from game.forms.records import from_plain, record_of, to_plain
from game.forms.views import summary, summary_parts
from game.match.offers import NO_OFFERS
from game.match.series import winner
from game.rooms.chat import KEPT_LINES, LINES_OF_PERSON, RATE_MS
from game.rooms.commands import SYSTEM, Command, Due
from game.rooms.events import Finished, Left, Moved, Started
from tests.examples import examples
from tests.game.playing import UNTIMED, decided, due
from tests.game.workload import AND_THEN, OPENINGS, STEPS, Step, plays

OPENED = st.sampled_from(OPENINGS)


@UNTIMED
@given(OPENED, STEPS, AND_THEN)
def test_service_time_never_goes_back(opening: Command, steps: list[Step], end: list[Step]) -> None:
    play = plays(opening, steps + end)
    times = [event.at for event in play.events]
    assert times == sorted(times)
    assert [room.at for room in play.seen[1:]] == times
    for room in play.seen:
        assert all(0 <= since <= room.at for since in room.away.values())


@UNTIMED
@given(OPENED, STEPS, AND_THEN)
def test_no_clock_is_below_nought_and_that_of_who_is_to_move_runs(
    opening: Command, steps: list[Step], end: list[Step]
) -> None:
    for room in plays(opening, steps + end).seen:
        if room.clock is not None:
            assert min(room.clock.left) >= 0
            assert room.clock.rule == room.clock_rule
            running = room.rules.to_move(room.position) if room.phase == "playing" else None
            if running is not None or room.phase != "playing":
                assert room.clock.running == running
        elif room.phase == "playing":
            assert room.clock_rule.kind == "none"


@UNTIMED
@given(OPENED, STEPS)
def test_who_moves_has_time_left_and_who_loses_by_time_has_none(opening: Command, steps: list[Step]) -> None:
    play = plays(opening, steps)
    for room, event in zip(play.seen, play.events, strict=False):
        if room.clock is None or room.clock.running is None:
            continue
        fell = event.at >= room.clock.since + room.clock.left[room.clock.running == "O"]
        if isinstance(event, Moved):
            assert not fell
        if isinstance(event, Finished) and event.termination != "line":
            assert fell == (event.termination == "time")
            assert not fell or event.winner != room.clock.running


@UNTIMED
@given(OPENED, STEPS, AND_THEN)
def test_time_brings_something_exactly_when_it_is_due(opening: Command, steps: list[Step], end: list[Step]) -> None:
    for room in plays(opening, steps + end).seen:
        command = Due(SYSTEM, "house-due")
        if room.version == 0:
            continue
        if room.phase == "closed":
            assert room.due_at is None
            with pytest.raises(RoomClosed):
                decided(room, command, Context(1 << 60))
        elif room.due_at is None:
            assert decided(room, command, Context(1 << 60)) == ()
        elif room.rules.to_move(room.position) is not None or room.phase != "playing":
            assert decided(room, command, Context(room.due_at))
            if room.at < room.due_at:
                assert decided(room, command, Context(room.due_at - 1)) == ()
            after = due(room, room.due_at)
            assert after.due_at is None or after.due_at > after.at, "time goes on"


@UNTIMED
@given(OPENED, STEPS, AND_THEN)
def test_a_tally_is_of_the_games_of_its_series(opening: Command, steps: list[Step], end: list[Step]) -> None:
    play = plays(opening, steps + end)
    wins: Counter[str] = Counter()
    draws = 0
    for number, event in enumerate(play.events):
        before, room = play.seen[number], play.seen[number + 1]
        if isinstance(event, Started) and before.series_is_over:
            wins, draws = Counter(), 0
        if isinstance(event, Finished) and event.winner is not None:
            wins[room.seats[event.winner] or ""] += 1
        elif isinstance(event, Finished):
            draws += event.termination != "aborted"
        assert (room.wins, room.draws) == (wins, draws)
        if room.best_of:
            assert sum(wins.values()) + draws <= room.best_of
        if room.phase == "playing":
            assert not room.series_is_over
        if room.series_is_over and room.outcome and room.outcome.termination != "aborted" and draws == 0:
            assert winner(room.wins) is not None


@UNTIMED
@given(OPENED, STEPS, AND_THEN)
def test_of_a_kind_of_offer_a_seat_has_one_and_after_a_move_there_is_none(
    opening: Command, steps: list[Step], end: list[Step]
) -> None:
    play = plays(opening, steps + end)
    for number, event in enumerate(play.events):
        before, room = play.seen[number], play.seen[number + 1]
        assert len(set(room.offers.pending)) == len(room.offers.pending)
        assert not set(room.offers.pending) & set(room.offers.declined)
        if isinstance(event, Moved) or room.phase != "playing" or room.moves != before.moves:
            assert room.offers == NO_OFFERS
        assert not room.rematch or room.phase in ("finished", "closed")
        assert (room.selection is not None) == (room.phase == "selecting")


@UNTIMED
@given(OPENED, STEPS)
def test_talk_is_in_order_and_within_its_limits(opening: Command, steps: list[Step]) -> None:
    for room in plays(opening, steps).seen:
        versions = [line.version for line in room.talk]
        assert versions == sorted(set(versions))
        assert len(room.talk) <= KEPT_LINES
        for last in room.talk:
            lately = [line for line in room.talk if line.by == last.by and last.at - RATE_MS < line.at <= last.at]
            assert len(lately) <= LINES_OF_PERSON


@settings(UNTIMED, max_examples=examples(50))
@given(OPENED, STEPS)
def test_every_finished_game_is_a_record_that_plays_through_to_its_end(opening: Command, steps: list[Step]) -> None:
    play = plays(opening, steps)
    for number, event in enumerate(play.events):
        if isinstance(event, Finished):
            room = play.seen[number + 1]
            record = record_of(room)
            assert from_plain(to_plain(record)) == record
            position = room.rules.opening()
            for seat, move in record.moves:
                position = room.rules.play(position, seat, move)
            assert position == room.position
            outcome = room.rules.outcome(position)
            assert (outcome is not None) == (record.termination in ("line", "full"))


@UNTIMED
@given(OPENED, STEPS)
def test_a_match_closes_only_with_its_last_player_and_its_series_over(opening: Command, steps: list[Step]) -> None:
    play = plays(opening, steps)
    if play.room.phase == "closed":
        before = play.seen[-2]
        assert before.is_match
        assert before.series_is_over
        assert set(before.away) == set(before.players)
        assert isinstance(play.events[-2], Left)


@UNTIMED
@given(OPENED, STEPS, AND_THEN)
def test_states_with_the_same_parts_have_the_same_row_in_the_lobby(
    opening: Command, steps: list[Step], end: list[Step]
) -> None:
    seen = [room for room in plays(opening, steps + end).seen if room.version > 0]
    for before, after in itertools.pairwise(seen):
        if summary_parts(before) == summary_parts(after):
            assert summary(before) == summary(after)
