"""Whose token it is, as the main server said lately."""

from __future__ import annotations

import pytest

from game.errors import BadToken
from server.communication import token_cache
from server.communication.token_cache import VALID_S, TokenCache
from tests.server.timers_by_hand import TimersByHand


class MainServer:
    """Stands where the main server is, and has a clock; a question takes it so long."""

    def __init__(self) -> None:
        self.now = 0.0
        self.takes_s = 0.0
        self.cache = TokenCache(lambda: self.now)
        self.names = {"a": "ada", "b": "bob", "c": "cleo"}
        self.asked: list[str] = []

    def name_with(self, token: str) -> str:
        """Whose token the front door takes it for."""
        name: str = TimersByHand(self.who_has).result(self.cache.name_with(token))
        return name

    def who_has(self, method: str, token_hash: str) -> str:
        assert method == "who_has"
        self.asked.append(token_hash)
        name = self.names.get(token_hash)
        self.now += self.takes_s
        if name is None:
            raise BadToken("this token belongs to nobody here")
        return name


@pytest.fixture
def main() -> MainServer:
    return MainServer()


def test_the_main_server_is_asked_once_in_a_while(main: MainServer) -> None:
    for now in (0.0, 1.0, VALID_S - 0.1):
        main.now = now
        assert (main.name_with("a"), main.name_with("b")) == ("ada", "bob")
    assert main.asked == ["a", "b"]
    main.now = VALID_S
    assert main.name_with("a") == "ada"
    assert main.asked == ["a", "b", "a"]


def test_what_was_so_longer_ago_is_not_believed_however_long_the_answer_took(main: MainServer) -> None:
    main.takes_s = 2.0
    assert main.name_with("a") == "ada"
    del main.names["a"]
    main.now = VALID_S
    with pytest.raises(BadToken):
        main.name_with("a")


def test_a_token_of_nobody_is_asked_about_every_time(main: MainServer) -> None:
    for _ in range(2):
        with pytest.raises(BadToken):
            main.name_with("e")
    main.names["e"] = "eve"
    assert main.name_with("e") == "eve"
    assert main.asked == ["e", "e", "e"]


def test_there_is_a_limit_and_whoever_was_asked_about_longest_ago_is_forgotten_first(
    main: MainServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_cache, "MOST", 2)
    main.name_with("a")
    main.now = VALID_S - 1.0
    main.name_with("b")
    main.now = VALID_S
    main.name_with("a")
    main.name_with("c")
    main.asked.clear()
    assert [main.name_with(token) for token in ("a", "c", "b")] == ["ada", "cleo", "bob"]
    assert main.asked == ["b"]
