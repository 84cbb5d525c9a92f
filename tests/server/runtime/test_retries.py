"""What is tried again and again is in the log at a bounded rate, with its reason and how often it failed."""

from __future__ import annotations

import pytest
import structlog
from structlog.typing import EventDict

from server.runtime.retries import LOG_AGAIN_S, LOG_NEW_REASON_S, Retries
from wire.errors import DeadlineExceeded, StorageFailed, TicTacToeError, Unreachable

AWAY = Unreachable("nothing listens there")
SLOW = DeadlineExceeded("no answer within 0.7 s")


class Clock:
    """A clock of the test's own."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def tried(
    every_s: float, errors: list[TicTacToeError | None], *, log_after_s: float = 0.0
) -> tuple[Retries, list[EventDict]]:
    """Try so often, with these failures and (None) successes; what is in the log then."""
    clock = Clock()
    retries = Retries(
        "not done", log_after_s=log_after_s, clock=clock, wall_clock=lambda: 1000.0 + clock.now, other="a"
    )
    with structlog.testing.capture_logs() as lines:
        for error in errors:
            if error is None:
                retries.succeeded()
            else:
                retries.failed(error)
            clock.now += every_s
    return retries, list(lines)


def test_the_first_failure_is_logged_with_its_reason() -> None:
    _, lines = tried(0.02, [AWAY])
    assert [(line["event"], line["other"], line["why"], line["failures"]) for line in lines] == [
        ("not done", "a", AWAY.message, 1)
    ]


def test_the_same_reason_is_logged_again_with_a_count_at_a_bounded_rate() -> None:
    tries = int(3 * LOG_AGAIN_S / 0.02)
    _, lines = tried(0.02, [AWAY] * tries)
    assert len(lines) == 3
    assert lines[1]["failures"] > 1000


def test_a_new_reason_is_logged_at_once_if_the_last_line_is_a_moment_old() -> None:
    _, lines = tried(LOG_NEW_REASON_S, [AWAY, AWAY, SLOW])
    assert [line["why"] for line in lines] == [AWAY.message, SLOW.message]


def test_reasons_that_alternate_are_bounded_too() -> None:
    seconds = 10
    _, lines = tried(0.02, [AWAY, SLOW] * int(seconds / 0.04))
    assert len(lines) <= seconds / LOG_NEW_REASON_S + 1


def test_so_is_what_fails_and_succeeds_in_turns() -> None:
    seconds = 10
    _, lines = tried(0.02, [AWAY, None] * int(seconds / 0.04))
    assert len(lines) <= 2 * (seconds / LOG_NEW_REASON_S + 1)


def test_a_success_after_a_logged_failure_is_logged_and_ends_the_trouble() -> None:
    retries, lines = tried(1.0, [AWAY, AWAY, None, None])
    assert [line["event"] for line in lines] == ["not done", "succeeded again"]
    assert lines[-1]["failures"] == 2
    assert retries.trouble is None


def test_what_is_over_within_the_patience_is_not_in_the_log() -> None:
    _, lines = tried(1.0, [AWAY, AWAY, None, AWAY], log_after_s=3.0)
    assert lines == []
    _, lines = tried(1.0, [AWAY] * 4, log_after_s=3.0)
    assert [line["for_s"] for line in lines] == [3.0]


def test_the_trouble_has_the_reason_since_when_and_how_often() -> None:
    retries, _ = tried(2.0, [None, AWAY, SLOW])
    assert retries.trouble is not None
    assert retries.trouble._asdict() == {"why": SLOW.message, "since": 1102.0, "failures": 2}
    assert retries.codes == {"unreachable": 1, "deadline_exceeded": 1}


def test_a_block_is_an_attempt_that_fails_with_the_errors_it_names() -> None:
    retries = Retries("not done")
    with retries.attempt(Unreachable):
        raise AWAY
    assert retries.trouble is not None
    with pytest.raises(StorageFailed), retries.attempt(Unreachable):
        raise StorageFailed("the disk is full")
    assert retries.codes == {"unreachable": 1}, "another error goes on, and is not counted here"
    with retries.attempt(Unreachable):
        pass
    assert retries.trouble is None
