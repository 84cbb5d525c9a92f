"""Who is online, at the front door: proven by the main server, and again now and then."""

from __future__ import annotations

import pytest

from game.errors import NameTaken
from server.communication.online import CONFIRM_EVERY_S, Online
from server.communication.presence import GONE_AFTER_S, REPORT_EVERY_S
from tests.server.timers_by_hand import TimersByHand
from wire.errors import NotReady
from wire.later import Later


class MainServer:
    """Stands where the main server is: ada has the token ``a``, in that spelling."""

    def __init__(self) -> None:
        self.timers = TimersByHand(self.ask, now=1000.0)
        self.token = "a"
        self.away = False
        self.asked = 0

    def ask(self, method: str, name: str, token_hash: str, _host: str) -> dict[str, object]:
        assert (method, name) == ("claim", "ada")
        self.asked += 1
        if self.away:
            raise NotReady("the main server is being replaced")
        if token_hash != self.token:
            raise NameTaken("the name ada belongs to somebody else")
        return {"name": name}

    def online(self, name_grace_s: float = 3600.0) -> Online:
        return Online(most=10, name_grace_s=name_grace_s, clock=self.timers.clock)

    def report(self, online: Online, token: str) -> None:
        """Ada says to be online."""
        self.timers.result(online.report("ada", token))


@pytest.fixture
def main() -> MainServer:
    return MainServer()


@pytest.fixture
def online(main: MainServer) -> Online:
    return main.online()


def stay(main: MainServer, online: Online, time_s: float, token: str = "a") -> None:
    """Ada says to be online, for so long."""
    ends_at = main.timers.now + time_s
    while main.timers.now < ends_at:
        main.report(online, token)
        main.timers.advance(REPORT_EVERY_S)


def test_whoever_says_so_is_online_until_some_time_has_passed(main: MainServer, online: Online) -> None:
    main.report(online, "a")
    assert online.names() == ["ada"]
    main.timers.advance(GONE_AFTER_S + 1.0)
    assert online.names() == []


def test_nobody_is_online_under_the_name_of_another(main: MainServer, online: Online) -> None:
    with pytest.raises(NameTaken):
        main.report(online, "b")
    assert online.names() == []
    main.report(online, "a")
    with pytest.raises(NameTaken):
        main.report(online, "b")
    main.timers.advance(GONE_AFTER_S)
    assert online.names() == ["ada"]
    main.timers.advance(1.0)
    assert online.names() == [], "the other has not kept the name online"


@pytest.mark.parametrize(("name_grace_s", "every_s"), [(3600.0, CONFIRM_EVERY_S), (80.0, 20.0)])
def test_the_main_server_hears_of_who_is_online_often_enough_that_the_name_stays_theirs(
    main: MainServer, name_grace_s: float, every_s: float
) -> None:
    stay(main, main.online(name_grace_s), 4 * every_s)
    assert main.asked == 4


def test_who_is_online_stays_so_while_the_main_server_is_replaced_and_nobody_new_is(
    main: MainServer, online: Online
) -> None:
    main.report(online, "a")
    main.away = True
    stay(main, online, 2 * CONFIRM_EVERY_S)
    assert online.names() == ["ada"]
    with pytest.raises(NotReady):
        main.report(online, "b")
    main.timers.advance(GONE_AFTER_S + 1.0)
    with pytest.raises(NotReady):
        main.report(online, "a")
    assert online.names() == []


def test_a_name_that_has_another_token_is_online_when_that_one_is_heard(main: MainServer, online: Online) -> None:
    main.report(online, "a")
    main.token = "b"
    online.forget("ada")
    assert online.names() == []
    with pytest.raises(NameTaken):
        main.report(online, "a")
    main.report(online, "b")
    assert online.names() == ["ada"]


def test_of_two_reports_at_once_each_is_confirmed_or_refused_by_itself(main: MainServer, online: Online) -> None:
    answers: list[Later] = []

    def held(*_: object) -> Later:
        answers.append(Later())
        return answers[-1]

    main.timers.call_other_server = held
    reports = [main.timers.begin(online.report("ada", token)) for token in ("b", "a")]
    assert online.names() == [], "nobody was confirmed yet"
    answers[1].answer({"name": "ada"})
    answers[0].fail(NameTaken("the name ada belongs to somebody else"))
    assert [report.error is None for report in reports] == [False, True]
    assert online.names() == ["ada"]
