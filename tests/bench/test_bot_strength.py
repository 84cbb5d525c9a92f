"""The tournament of computer players: every pair on every board, and the same again with the same seed."""

from __future__ import annotations

from typer.testing import CliRunner

from bench.measures.bot_strength import LEVELS, matches
from tictactoe import app

SMALL = ((3, 3, 3), (4, 4, 4))


def test_every_level_meets_every_other_on_every_board_and_all_games_count() -> None:
    found = list(matches(SMALL, games=4, looks=10, seed=3))
    pairs = {(match.board, match.stronger, match.weaker) for match in found}
    assert len(found) == len(pairs) == len(SMALL) * len(LEVELS) * (len(LEVELS) - 1) // 2
    assert all(match.won + match.drawn + match.lost == 4 for match in found)
    assert found == list(matches(SMALL, games=4, looks=10, seed=3))


def test_the_command_shows_a_line_for_each_match() -> None:
    answer = CliRunner().invoke(app, ["tournament", "--games", "2", "--looks", "0"])
    assert answer.exit_code == 0
    assert answer.output.count("random") == 4 * 3
