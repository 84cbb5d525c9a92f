"""Finished games as text."""

from __future__ import annotations

import pytest

from client.game_archive import as_json, from_json
from client.texts.game_text import as_text, cell_name, ending
from game.errors import Refusal
from game.forms.records import record_of
from tests.game.playing import played, resigned, started, won_by_x


def test_a_game_reads_from_its_players_to_its_end() -> None:
    assert as_text(record_of(won_by_x())) == (
        "ann (X) – bob (O)\n"
        "1970-01-01, game 1 in room abcd\n"
        "3×3, 3 in a row, clock none\n"
        "\n"
        "  1. X a1\n"
        "  2. O a2\n"
        "  3. X b1\n"
        "  4. O b2\n"
        "  5. X c1\n"
        "\n"
        "X X X\n"
        "O O .\n"
        ". . .\n"
        "\n"
        "ann won: 3 in a row.\n"
    )


def test_how_it_ended() -> None:
    assert ending(record_of(resigned(started(), "ann"))) == "bob won: ann resigned."
    assert ending(record_of(played(started(), 0, 1, 2, 4, 3, 5, 7, 6, 8))) == "Draw: the board is full."


def test_cells_of_the_largest_board_have_names_of_their_own() -> None:
    assert [cell_name(cell, 10) for cell in (0, 9, 10, 99)] == ["a1", "j1", "a2", "j10"]
    assert len({cell_name(cell, 10) for cell in range(100)}) == 100


def test_what_is_exported_can_be_imported_and_nothing_else() -> None:
    record = record_of(won_by_x())
    assert from_json(as_json(record)) == record
    for text in ("", "{}", "[]", as_json(record).replace('"O"', '"Q"'), as_text(record)):
        with pytest.raises(Refusal):
            from_json(text)
