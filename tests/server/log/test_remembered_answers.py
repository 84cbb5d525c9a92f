"""What is remembered of requests that changed nothing: enough for a retry, and no more than that."""

from __future__ import annotations

import sys

import pytest

from game.errors import CellTaken, NotYourTurn, Refusal
from server.log.remembered_answers import RememberedAnswers, RememberedRefusal, answer_of, error_of, outcome_of


def request(number: int) -> tuple[str, tuple[str, str]]:
    return "room/abcd", ("ada", f"request-{number}")


def test_a_refusal_comes_back_as_the_same_class_with_the_same_sentence_and_as_a_new_exception() -> None:
    outcome = outcome_of(CellTaken("the cell 4 is taken"))
    first, second = error_of(outcome), error_of(outcome)
    assert type(first) is CellTaken
    assert first.message == "the cell 4 is taken"
    assert first is not second
    assert answer_of(outcome) is None


@pytest.mark.parametrize("answer", [{}, {"version": 7, "seat": None}, {"version": 1, "seat": "X", "name": "Zoë"}])
def test_an_answer_comes_back_as_it_was(answer: dict[str, object]) -> None:
    assert answer_of(outcome_of(answer)) == answer
    assert error_of(outcome_of(answer)) is None


def test_every_refusal_can_be_made_again_from_its_sentence() -> None:
    kinds: list[type[Refusal]] = [Refusal]
    for kind in kinds:
        kinds += kind.__subclasses__()
        again = error_of(outcome_of(kind("so it is")))
        assert (type(again), str(again)) == (kind, "so it is")


def test_the_request_remembered_longest_ago_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.log.remembered_answers.MOST_REQUESTS", 3)
    unchanged = RememberedAnswers()
    for number in range(5):
        unchanged.add({request(number): outcome_of(NotYourTurn("wait"))})
    assert [number for number in range(5) if unchanged.get(request(number))] == [2, 3, 4]


def test_a_retry_is_remembered_as_it_was_first() -> None:
    unchanged = RememberedAnswers()
    unchanged.add({request(1): outcome_of(NotYourTurn("wait"))})
    unchanged.add({request(1): outcome_of({"version": 3})})
    assert isinstance(unchanged.get(request(1)), RememberedRefusal)
    assert len(unchanged) == 1


def test_large_answers_are_bounded_by_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.log.remembered_answers.MOST_BYTES", 100_000)
    unchanged = RememberedAnswers()
    for number in range(100):
        unchanged.add({request(number): outcome_of({"large": "\N{SNOWMAN}" * 5_000})})
    kept = [outcome for number in range(100) if (outcome := unchanged.get(request(number))) is not None]
    assert 1 <= len(kept) < 11
    assert sum(map(sys.getsizeof, kept)) <= 100_000
    assert unchanged.get(request(99)) is not None


def test_one_answer_larger_than_all_that_is_kept_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.log.remembered_answers.MOST_BYTES", 1_000)
    unchanged = RememberedAnswers()
    unchanged.add({request(1): outcome_of({"large": "x" * 5_000})})
    assert len(unchanged) == 0
    unchanged.add({request(2): outcome_of({"version": 1})})
    assert len(unchanged) == 1
