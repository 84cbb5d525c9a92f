"""What follows a kill: the first move that was sent after it, however long that takes."""

from __future__ import annotations

import pytest

from bench.measures.kills import TimedKill, followed

PLAYED = [
    {"moves": [(0.5, 1.2), (1.5, 1.9)]},
    {"moves": [(1.1, 1.7), (2.5, 2.6)]},
]
"""When moves were sent and acknowledged, by two processes."""


def test_the_first_acknowledgement_counts_of_moves_that_were_sent_after_the_kill() -> None:
    assert followed(TimedKill(1.0, 3.0, {}), PLAYED).move_ms == pytest.approx(700)


def test_a_move_that_was_sent_before_the_kill_does_not_count() -> None:
    assert followed(TimedKill(0.4, 3.0, {}), PLAYED).move_ms == pytest.approx(800)
    assert followed(TimedKill(0.6, 3.0, {}), PLAYED).move_ms == pytest.approx(1100)


def test_a_kill_that_nobody_moves_after_is_an_error_and_no_short_downtime() -> None:
    with pytest.raises(RuntimeError, match="no move"):
        followed(TimedKill(2.5, 3.0, {}), PLAYED)
