"""How strong players are, worked out from records: what a game does to its players, and that all get the same."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from game.accounts.names import name_key
from game.forms.records import GameRecord, Record
from game.rules import Seat
from server.communication.ratings import (
    CONFIDENCE,
    DRIFT,
    INITIAL_DEVIATION,
    INITIAL_RATING,
    SKILL_CLASS,
    Pool,
    Ratings,
)
from tests.game.archives import BOOKS, NAMES, PAIRS, WINNERS, game_of, read_again
from tests.game.playing import UNTIMED

POOLS: tuple[Pool, ...] = ("people", "bots")
MORE_THAN_THERE_ARE = 1000


def ratings_after(book: Iterable[Record]) -> Ratings:
    """What the records make of the ratings."""
    ratings = Ratings()
    for record in book:
        if isinstance(record, GameRecord):
            ratings.apply(record)
        else:
            ratings.forget(record.name)
    return ratings


def everything(ratings: Ratings) -> dict[str, object]:
    """All that the ratings tell, and exactly."""
    best = {pool: ratings.best(pool, MORE_THAN_THERE_ARE) for pool in POOLS}
    return {**best, "exactly": [ratings.rating_of(name).hex() for name in NAMES]}


def change(ratings: Ratings, record: GameRecord) -> dict[str, float]:
    """What a game does to the ratings of its players, by name."""
    before = {name: ratings.rating_of(name) for name in record.seats.values()}
    ratings.apply(record)
    return {name: ratings.rating_of(name) - rating for name, rating in before.items()}


def one_stronger() -> Ratings:
    """``strong`` and ``weak`` have played as often, so that of both as much is known."""
    return ratings_after([game_of("strong", "weak")] * 4)


# -- a game ---------------------------------------------------------------------------------------------------------


@UNTIMED
@given(BOOKS, st.permutations(("ann", "bob", "eve")), st.sampled_from(["X", "O"]))
def test_whoever_wins_rises_and_whoever_loses_falls(book: list[Record], names: list[str], winner: Seat) -> None:
    record = game_of(names[0], names[1], winner)
    changed = change(ratings_after(book), record)
    won = record.seats[winner]
    assert all(by > 0 if name == won else by < 0 for name, by in changed.items())


def test_a_win_is_worth_more_against_the_stronger_and_a_loss_costs_more_against_the_weaker() -> None:
    wins = [change(one_stronger(), game_of("ann", other, "X"))["ann"] for other in ("strong", "weak")]
    losses = [change(one_stronger(), game_of("ann", other, "O"))["ann"] for other in ("strong", "weak")]
    assert wins[0] > wins[1] > 0 > losses[0] > losses[1]


@UNTIMED
@given(BOOKS, PAIRS)
def test_a_draw_moves_both_towards_each_other_and_not_past(book: list[Record], pair: tuple[str, str]) -> None:
    ratings = ratings_after(book)
    record = replace(game_of(*pair, None), bots=())
    higher, lower = sorted(pair, key=ratings.rating_of, reverse=True)
    gap = ratings.rating_of(higher) - ratings.rating_of(lower)
    changed = change(ratings, record)
    if gap < 1e-6:
        assert changed == pytest.approx(dict.fromkeys(pair, 0.0), abs=1e-6)
    else:
        assert changed[higher] < 0 < changed[lower]
        assert ratings.rating_of(higher) > ratings.rating_of(lower)


def test_the_more_games_the_surer_the_rating() -> None:
    ratings = Ratings()
    deviations = [CONFIDENCE * INITIAL_DEVIATION]
    for at in range(12):
        ratings.apply(game_of("ann", "bob", "X" if at % 2 else "O"))
        standing = ratings.entry("people", "ann")
        assert standing is not None
        deviations.append(standing["deviation"])
    assert all(later < earlier for earlier, later in itertools.pairwise(deviations))


def test_a_game_tells_how_the_ratings_were_and_are_as_they_are_shown() -> None:
    ratings = Ratings()
    assert ratings.apply(game_of("ann", "bob", "O")) == {"ann": (1500, 1393), "bob": (1500, 1607)}
    assert ratings.apply(game_of("bob", "ANN", None)) == {"bob": (1607, 1588), "ANN": (1393, 1412)}


def formula(mine: tuple[float, float], others: tuple[float, float], score: float) -> tuple[float, float]:
    """Somebody's mean and deviation after a game against another: Weng and Lin, "A Bayesian Approximation Method for
    Online Ranking", Journal of Machine Learning Research 12 (2011), algorithm 1 for two teams of one player each, with
    gamma = sigma / c as proposed there. A draw is half a win. Before a game both variances grow by that of the unrest.
    """
    (mean, deviation), (mean_of_other, deviation_of_other) = mine, others
    variance, variance_of_other = deviation**2 + DRIFT**2, deviation_of_other**2 + DRIFT**2
    c = math.sqrt(variance + variance_of_other + 2 * SKILL_CLASS**2)
    p = math.exp(mean / c) / (math.exp(mean / c) + math.exp(mean_of_other / c))
    omega = variance / c * (score - p)
    delta = math.sqrt(variance) / c * variance / c**2 * p * (1 - p)
    return mean + omega, math.sqrt(variance * (1 - delta))


@UNTIMED
@given(st.lists(WINNERS, min_size=1, max_size=30))
def test_ratings_are_as_the_published_formula_has_them(winners: list[Seat | None]) -> None:
    ratings = Ratings()
    x = o = (INITIAL_RATING, INITIAL_DEVIATION)
    for winner in winners:
        ratings.apply(game_of("ann", "bob", winner))
        score = 0.5 if winner is None else float(winner == "X")
        x, o = formula(x, o, score), formula(o, x, 1.0 - score)
        for name, (mean, deviation) in (("ann", x), ("bob", o)):
            assert ratings.rating_of(name) == pytest.approx(mean, abs=1e-6)
            standing = ratings.entry("people", name)
            assert standing is not None
            assert standing["deviation"] == pytest.approx(CONFIDENCE * deviation, abs=0.5 + 1e-6)


# -- whose games count, and where -----------------------------------------------------------------------------------


@UNTIMED
@given(BOOKS)
def test_games_that_are_not_rated_do_nothing(book: list[Record]) -> None:
    rated = [record for record in book if not isinstance(record, GameRecord) or record.rated]
    assert everything(ratings_after(book)) == everything(ratings_after(rated))
    assert Ratings().apply(game_of("ann", "bob", rated=False)) == {}


@UNTIMED
@given(BOOKS)
def test_games_with_bots_are_rated_apart_from_those_among_people(book: list[Record]) -> None:
    ratings = ratings_after(book)
    for pool in POOLS:
        its_own = [
            record for record in book if not isinstance(record, GameRecord) or bool(record.bots) == (pool == "bots")
        ]
        alone = ratings_after(its_own)
        other: Pool = "people" if pool == "bots" else "bots"
        assert alone.best(pool, MORE_THAN_THERE_ARE) == ratings.best(pool, MORE_THAN_THERE_ARE)
        assert alone.best(other, MORE_THAN_THERE_ARE) == []


@UNTIMED
@given(BOOKS, st.sampled_from(NAMES))
def test_whoever_has_a_name_next_begins_anew_and_all_others_stay_as_they_are(book: list[Record], name: str) -> None:
    ratings = ratings_after(book)
    others = {pool: [one for one in ratings.best(pool, MORE_THAN_THERE_ARE) if not same(one, name)] for pool in POOLS}
    ratings.forget(name)
    assert {pool: ratings.best(pool, MORE_THAN_THERE_ARE) for pool in POOLS} == others
    assert [ratings.entry(pool, name) for pool in POOLS] == [None, None]
    assert ratings.rating_of(name) == INITIAL_RATING
    assert ratings.apply(game_of(name, "new", "X"))[name] == (1500, 1607)


def same(standing: dict[str, object], name: str) -> bool:
    """Whether it is that of somebody."""
    return name_key(str(standing["name"])) == name_key(name)


# -- the leaderboard ------------------------------------------------------------------------------------------------


def test_whoever_is_surely_strong_stands_before_whoever_may_be_stronger() -> None:
    ratings = ratings_after([game_of("steady", "weak", "X"), game_of("steady", "weak", None)] * 12)
    for _ in range(2):
        ratings.apply(game_of("lucky", "steady", "X"))
    standings = ratings.best("people", MORE_THAN_THERE_ARE)
    assert [one["name"] for one in standings] == ["steady", "lucky", "weak"]
    rated = {one["name"]: one["rating"] for one in standings}
    assert rated["lucky"] > rated["steady"]  # type: ignore[operator]


def test_of_equals_the_alphabet_decides() -> None:
    ratings = ratings_after([game_of("eve", "bob", None), game_of("dan", "ann", None)])
    assert [one["name"] for one in ratings.best("people", 3)] == ["ann", "bob", "dan"]


@UNTIMED
@given(BOOKS)
def test_the_leaderboard_counts_games_and_is_in_the_order_of_what_is_sure(book: list[Record]) -> None:
    ratings = ratings_after(book)
    for pool in POOLS:
        best = ratings.best(pool, MORE_THAN_THERE_ARE)
        lower_ends = [one["rating"] - one["deviation"] for one in best]  # type: ignore[operator]
        assert all(later <= earlier + 2 for earlier, later in itertools.pairwise(lower_ends)), "but for what is rounded"
        assert [ratings.best(pool, limit) for limit in range(len(best))] == [best[:limit] for limit in range(len(best))]
        assert {name_key(str(one["name"])): counts(one) for one in best} == counted(book, pool)
        assert [ratings.entry(pool, str(one["name"])) for one in best] == best


def counts(standing: dict[str, object]) -> tuple[object, ...]:
    assert standing["games"] == sum(standing[what] for what in ("wins", "draws", "losses"))  # type: ignore[misc]
    return standing["wins"], standing["draws"], standing["losses"]


def counted(book: list[Record], pool: Pool) -> dict[str, tuple[int, int, int]]:
    """Wins, draws and losses of whoever played rated games of that kind."""
    found: dict[str, Counter[str]] = {}
    for record in book:
        if not isinstance(record, GameRecord):
            found.pop(name_key(record.name), None)
        elif record.rated and bool(record.bots) == (pool == "bots"):
            for seat, name in record.seats.items():
                result = "draw" if record.winner is None else "win" if record.winner == seat else "loss"
                found.setdefault(name_key(name), Counter())[result] += 1
    return {name: (results["win"], results["draw"], results["loss"]) for name, results in found.items()}


# -- the same for all -----------------------------------------------------------------------------------------------


@UNTIMED
@given(BOOKS)
def test_whoever_reads_the_same_records_gets_exactly_the_same_ratings(book: list[Record]) -> None:
    once = everything(ratings_after(book))
    assert everything(ratings_after(book)) == once
    assert everything(ratings_after(map(read_again, book))) == once


def test_players_of_known_strengths_end_up_ranked_by_them() -> None:
    chance = random.Random(2011)
    strengths = {f"p{number}": 1100.0 + 120.0 * number for number in range(7)}
    ratings = Ratings()
    for _ in range(600):
        x, o = chance.sample(sorted(strengths), 2)
        wins = 1.0 / (1.0 + math.exp((strengths[o] - strengths[x]) / (SKILL_CLASS * math.sqrt(2.0))))
        ratings.apply(game_of(x, o, "X" if chance.random() < wins else "O"))
    ranked = [one["name"] for one in ratings.best("people", MORE_THAN_THERE_ARE)]
    assert ranked == sorted(strengths, key=strengths.__getitem__, reverse=True)


def test_who_wins_two_of_three_comes_to_be_rated_a_class_higher() -> None:
    wins: list[Seat] = ["X", "X", "O"]
    ratings = ratings_after(game_of("ann", "bob", winner) for winner in wins * 200)
    assert ratings.rating_of("ann") - ratings.rating_of("bob") == pytest.approx(SKILL_CLASS, rel=0.1)
