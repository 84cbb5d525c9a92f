"""Whatever number is given to a command, it gets an answer: nothing waits for ever, and no number is a traceback."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from typer.main import get_command

from tictactoe import app as typer_app

REFUSED = 2
app = get_command(typer_app)
"""Made once: to make all commands takes longer than to refuse a number."""


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e400", "-1", "0", "x", ""])
@pytest.mark.parametrize(
    "words",
    [
        ("demo", "--seconds"),
        ("demo", "--rooms"),
        ("demo", "--kill-every"),
        ("load", "--people"),
        ("load", "--kill-every"),
        ("chaos", "--minutes"),
        ("fuzz", "--inputs"),
        ("fuzz", "--rooms"),
        ("fuzz", "--rounds"),
        ("simulate", "--schedules"),
        ("simulate", "--jobs"),
        ("tournament", "--games"),
        ("bot", "new", "--games"),
        ("--scale",),
    ],
    ids=" ".join,
)
def test_a_number_that_cannot_be_is_refused_at_once(words: tuple[str, ...], value: str) -> None:
    done = CliRunner().invoke(app, [*words, value])
    assert done.exit_code == REFUSED
    assert "Invalid value" in done.output


@pytest.mark.parametrize("value", ["nan", "inf", "-1", "1e6", "x"])
def test_a_deadline_that_cannot_be_is_refused_at_once(value: str) -> None:
    done = CliRunner().invoke(app, ["cluster", "drain", "--deadline", value])
    assert done.exit_code == REFUSED
    assert "Invalid value" in done.output


@pytest.mark.parametrize("people", ["1", "3", "999", "1401", "3.5"])
def test_people_who_cannot_be_put_in_pairs_are_refused_at_once(people: str) -> None:
    done = CliRunner().invoke(app, ["load", "--people", people])
    assert done.exit_code == REFUSED
    assert "Traceback" not in done.output


@pytest.mark.parametrize("words", [("bot", "new", "--level", "x"), ("bench", "--only", "x"), ("simulate", "--of", "x")])
def test_a_word_that_is_none_of_those_there_are_is_refused_at_once(words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, words)
    assert done.exit_code == REFUSED
    assert "Traceback" not in done.output


@pytest.mark.parametrize(("old", "new"), [("rush", "load"), ("hostile", "fuzz")])
def test_the_earlier_name_of_a_command_runs_it(old: str, new: str) -> None:
    answers = [CliRunner().invoke(app, [name, "--help"], prog_name="x") for name in (old, new)]
    assert [answer.exit_code for answer in answers] == [0, 0]
    assert answers[0].output.replace(f"x {old}", f"x {new}").split() == answers[1].output.split()


def test_a_tournament_of_the_fewest_games_and_no_looks_ends() -> None:
    done = CliRunner().invoke(app, ["tournament", "--games", "3", "--looks", "0"])
    assert done.exit_code == 0
