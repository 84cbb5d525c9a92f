"""Who waits for a match, and who is matched with whom: by the rules alone, without clock and threads."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.games.registry import DEFAULT_GAME, short_list
from game.match.matchmaking import PATIENT_S, Seeker, Seekers
from game.match.selection import ANY, SeekFilter, narrowed
from tests.game.naive_matchmaking import naive_groups, together

CHOICES = short_list(DEFAULT_GAME)
FILTERS = [SeekFilter(board, clock) for board in (ANY, *CHOICES.boards) for clock in (ANY, *CHOICES.clocks)]


def seekers_of(*waiting: Seeker, players: int = 2) -> Seekers:
    seekers = Seekers(CHOICES, players=players)
    for seeker in waiting:
        seekers.add(seeker)
    return seekers


def named(name: str, *, accepts: SeekFilter = FILTERS[0], rating: float = 1500.0, since: float = 0.0) -> Seeker:
    return Seeker(name, accepts, rating, since)


def names(groups: list[tuple[Seeker, ...]]) -> list[tuple[str, ...]]:
    return [tuple(seeker.name for seeker in group) for group in groups]


def test_two_who_wait_are_matched_and_wait_no_more() -> None:
    seekers = seekers_of(named("ada"), named("bob", since=1.0))
    assert names(seekers.groups(2.0)) == [("ada", "bob")]
    assert len(seekers) == 0
    assert seekers.groups(3.0) == []


def test_nobody_is_matched_with_nobody() -> None:
    seekers = seekers_of(named("ada"))
    assert seekers.groups(100.0) == []
    assert "ada" in seekers


def test_who_came_first_is_served_first() -> None:
    seekers = seekers_of(named("cy", since=3.0), named("ada", since=1.0), named("bob", since=2.0))
    assert names(seekers.groups(3.0 + PATIENT_S)) == [("ada", "bob")]
    assert list(seekers) == ["cy"]


def test_of_those_who_have_not_waited_long_the_closest_rating_comes_first() -> None:
    waiting = (
        named("ada", rating=1500.0, since=0.0),
        named("far", rating=1900.0, since=1.0),
        named("near", rating=1480.0, since=2.0),
    )
    assert names(seekers_of(*waiting).groups(PATIENT_S - 0.1)) == [("ada", "near")]
    assert names(seekers_of(*waiting).groups(PATIENT_S)) == [("ada", "far")]


def test_of_those_with_the_same_rating_the_one_who_waits_longest_is_matched() -> None:
    waiting = [
        named("ada"),
        named("zoe", rating=1400.0, since=1.0),
        named("cy", rating=1400.0, since=0.5),
        named("bob", rating=1600.0, since=2.0),
        named("dan", rating=1600.0, since=3.0),
    ]
    assert names(seekers_of(*waiting).groups(4.0)) == [("ada", "cy"), ("zoe", "bob")]


def test_wishes_that_do_not_go_together_are_not_matched() -> None:
    blitz, slow = SeekFilter(ANY, CHOICES.clocks[1]), SeekFilter(ANY, CHOICES.clocks[2])
    seekers = seekers_of(named("ada", accepts=blitz), named("bob", accepts=slow, since=1.0), named("cy", since=2.0))
    assert names(seekers.groups(100.0)) == [("ada", "cy")]
    assert list(seekers) == ["bob"]


def test_who_asks_again_keeps_the_place_and_has_the_new_wish() -> None:
    small, large = SeekFilter(CHOICES.boards[0]), SeekFilter(CHOICES.boards[-1])
    seekers = seekers_of(named("ada", accepts=small), named("bob", accepts=small, since=5.0))
    seekers.add(named("ada", accepts=large, since=6.0))
    assert len(seekers) == 2
    assert seekers.groups(7.0) == []
    seekers.add(named("cy", since=7.0))
    assert names(seekers.groups(20.0)) == [("ada", "cy")]


def test_who_is_dropped_is_matched_with_nobody() -> None:
    seekers = seekers_of(named("ada"), named("bob"), named("cy"))
    assert seekers.drop("bob")
    assert not seekers.drop("bob")
    assert names(seekers.groups(1.0)) == [("ada", "cy")]


def test_what_a_group_can_choose_is_what_all_of_it_wish_for() -> None:
    seekers = seekers_of()
    group = [
        named("ada", accepts=SeekFilter(CHOICES.boards[1])),
        named("bob", accepts=SeekFilter(ANY, CHOICES.clocks[2])),
    ]
    chosen = seekers.choices_of(group)
    assert (chosen.boards, chosen.clocks) == (CHOICES.boards[1:2], CHOICES.clocks[2:3])
    assert chosen.best_ofs == CHOICES.best_ofs


@pytest.mark.parametrize("players", [2, 3])
@given(chance=st.randoms(use_true_random=True), count=st.integers(0, 14))
def test_the_groups_are_those_of_the_reference(players: int, chance: random.Random, count: int) -> None:
    """People come, go and are matched, again and again; many are new and have the same rating, or come at once."""
    seekers = Seekers(CHOICES, players=players)
    waiting: dict[str, Seeker] = {}
    for now in (5.0, 11.0, 30.0):
        for number in range(count):
            rating = chance.choice([1500.0, 1400.0, 1600.0, chance.gauss(1500, 300)])
            seeker = Seeker(
                f"p{number}", chance.choice(FILTERS), rating, chance.choice([0.0, chance.uniform(0.0, now)])
            )
            before = waiting.get(seeker.name)
            seekers.add(seeker)
            waiting[seeker.name] = seeker._replace(since=min(seeker.since, before.since)) if before else seeker
        for name in [name for name in waiting if chance.random() < 0.2]:  # now and then
            seekers.drop(name)
            del waiting[name]
        groups = seekers.groups(now)
        assert groups == naive_groups(waiting.values(), now, CHOICES, players=players)
        for seeker in [seeker for group in groups for seeker in group]:
            del waiting[seeker.name]
        assert set(seekers) == set(waiting)


@given(st.lists(st.tuples(st.sampled_from(FILTERS), st.floats(0, 20), st.sampled_from([1400.0, 1500.0])), max_size=30))
def test_of_those_who_are_left_no_two_could_play(asked: list[tuple[SeekFilter, float, float]]) -> None:
    waiting = [Seeker(f"p{number}", accepts, rating, since) for number, (accepts, since, rating) in enumerate(asked)]
    seekers = seekers_of(*waiting)
    groups = seekers.groups(20.0)
    matched = [seeker for group in groups for seeker in group]
    assert len({seeker.name for seeker in matched}) == len(matched)
    assert all(together(group, CHOICES) for group in groups)
    left = [seeker for seeker in waiting if seeker.name in seekers]
    assert len(left) + len(matched) == len(waiting)
    assert not [(one, other) for one in left for other in left if one != other and together([one, other], CHOICES)]


@pytest.mark.parametrize("waited_s", [0.5, 2 * PATIENT_S])
@pytest.mark.parametrize("players", [2, 3])
def test_ten_thousand_who_wait_are_matched_at_once(players: int, waited_s: float) -> None:
    chance = random.Random(1)
    seekers = Seekers(CHOICES, players=players)
    for number in range(10_000):
        seekers.add(Seeker(f"p{number}", chance.choice(FILTERS), chance.gauss(1500, 300), number / 10_000))
    groups = seekers.groups(1.0 + waited_s)
    matched = [seeker.name for group in groups for seeker in group]
    assert len(set(matched)) == len(matched) == players * len(groups)
    assert all(narrowed(CHOICES, [seeker.accepts for seeker in group]) for group in groups)
    assert len(seekers) == 10_000 - len(matched)
    assert len(seekers) < players * len(FILTERS)
    assert [group[0].since for group in groups] == sorted(group[0].since for group in groups)
