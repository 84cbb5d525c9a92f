"""When a break is worth a word."""

from __future__ import annotations

from client.desktop.model.base.connection_state import BACK_SHOWN_S, PATIENCE_S, Banner, Link


def test_a_short_break_is_not_worth_a_word() -> None:
    link = Link()
    link.unanswered("watch", 10.0)
    assert link.banner(10.0 + PATIENCE_S - 0.01) is None
    link.answered("watch", 10.0 + PATIENCE_S - 0.01)
    assert link.banner(10.0 + PATIENCE_S) is None
    assert link.banner(20.0) is None


def test_a_longer_one_is_told_and_how_long_it_took_in_the_end() -> None:
    link = Link()
    link.unanswered("watch", 10.0)
    assert link.banner(10.3) == Banner("lost", "Connection lost — reconnecting")
    assert link.banner(17.2) == Banner("lost", "Connection lost — reconnecting (7 s)")
    link.answered("watch", 20.4)
    assert link.banner(20.5) == Banner("back", "Reconnected after 10.4 s")
    assert link.banner(20.4 + BACK_SHOWN_S) is None


def test_it_lasts_from_the_first_that_has_no_answer_until_the_last_one_has() -> None:
    link = Link()
    link.unanswered("watch", 10.0)
    link.unanswered("command", 10.2)
    link.answered("watch", 10.25)
    assert link.banner(10.3) == Banner("lost", "Connection lost — reconnecting")
    link.answered("command", 10.4)
    assert link.banner(10.4) == Banner("back", "Reconnected after 0.4 s")


def test_a_new_break_hides_that_the_old_one_is_over_only_once_it_is_long() -> None:
    link = Link()
    link.unanswered("watch", 0.0)
    link.answered("watch", 1.0)
    link.unanswered("watch", 1.1)
    assert link.banner(1.2) == Banner("back", "Reconnected after 1.0 s")
    assert link.banner(1.5) == Banner("lost", "Connection lost — reconnecting")


def test_an_answer_without_a_break_says_nothing() -> None:
    link = Link()
    link.answered("watch", 1.0)
    link.answered("watch", 2.0)
    assert link.banner(2.0) is None
