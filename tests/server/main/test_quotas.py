"""How many names and rooms a person or a host may have. The clock is moved by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from game.errors import LimitReached, NameTaken, TicTacToeError
from game.games.registry import DEFAULT_GAME, short_list
from game.rooms.commands import Close
from server.main.command_service import CommandService
from server.main.match_opener import MatchOpener
from server.main.quotas import AN_HOUR_S
from server.rooms.ids import system_request
from server.rooms.pairing import Pairing
from server.runtime.security import token_hash
from tests.server.main.test_account_service import GRACE_S, LIMITS
from tests.server.main.test_account_service import MainServer as AccountServer
from tests.server.main.test_account_service import server as accounts
from tests.server.main.test_who_is_seen import SETTINGS, MainServer, server
from tests.server.timers_by_hand import result_of
from wire.errors import Busy
from wire.later import Later

__all__ = ["accounts", "server"]

# -- names of a host -----------------------------------------------------------------------------------------------


def claim_some(accounts: AccountServer, host: str, count: int, first: int = 0) -> None:
    for number in range(first, first + count):
        accounts.names.claim(f"{host} {'abcdefghij'[number]}x", f"{host} {number}", host)


def test_a_host_has_so_many_names_and_what_is_refused_costs_and_frees_none(accounts: AccountServer) -> None:
    claim_some(accounts, "east", LIMITS.max_names_per_host)
    for name in ("east ax", "west ax"):
        with pytest.raises(LimitReached, match="MAX_NAMES_PER_HOST"):
            accounts.names.claim(name, "another token", "east")
    claim_some(accounts, "west", 1)
    with pytest.raises(NameTaken):
        accounts.names.claim("east ax", "another token", "west")
    with pytest.raises(LimitReached):
        accounts.names.claim("one more", "one more", "east")
    assert accounts.names.claim("east ax", "east 0", "east"), "one's own can be claimed again"


def test_a_name_that_is_free_again_makes_room_and_so_does_one_that_moves(accounts: AccountServer) -> None:
    claim_some(accounts, "east", LIMITS.max_names_per_host)
    accounts.names.claim("east ax", "east 0", "west")
    claim_some(accounts, "east", 1, first=4)
    accounts.time += GRACE_S + 1
    for _ in range(2):
        accounts.names.release_expired()
        accounts.time += GRACE_S + 1
    claim_some(accounts, "east", 1, first=5)


def test_new_names_of_a_host_come_at_a_bounded_rate_however_often_they_are_let_go(accounts: AccountServer) -> None:
    for number in range(LIMITS.max_new_names_per_host_per_hour + 1):  # one is forgiven meanwhile
        claim_some(accounts, "east", 1, first=number)
        accounts.time += GRACE_S + 1
        accounts.names.release_expired()
    with pytest.raises(LimitReached, match="MAX_NEW_NAMES_PER_HOST_PER_HOUR"):
        claim_some(accounts, "east", 1, first=9)
    claim_some(accounts, "west", 1)
    accounts.time += AN_HOUR_S
    claim_some(accounts, "east", 1, first=9)


def test_in_all_so_many_names_are_kept(accounts: AccountServer) -> None:
    for number in range(LIMITS.max_kept_names):
        claim_some(accounts, f"host{number}", 1)
        accounts.names.reserve(f"host{number} 0", "code", f"host{number}")
    claim_some(accounts, "east", 1)
    accounts.take_over()
    with pytest.raises(Busy, match="MAX_KEPT_NAMES"):
        accounts.names.reserve("east 0", "code", "east")
    accounts.names.reserve("host0 0", "another code", "host0")


# -- rooms ---------------------------------------------------------------------------------------------------------


def limited(server: MainServer, **limits: int) -> CommandService:
    """A command service with other limits, for people of one host."""
    server.command_service = server.new_command_service(replace(SETTINGS, **limits))  # type: ignore[arg-type]  # all of them are numbers
    return server.command_service


def opens(server: MainServer, name: str, number: int, host: str = "a classroom") -> str:
    """Somebody opens a room, having a name or not yet."""
    hashed = token_hash(f"the secret token of {name}, which is long")
    server.run(server.command_service.accounts.claim(name, hashed, host))
    create = server.command_service.create(hashed, f"create-{number}", "", "tictactoe", {}, {}, host)
    return str(server.run(create)["room"])


def test_rooms_of_one_name_come_at_a_bounded_rate_however_often_they_are_closed(server: MainServer) -> None:
    command_service = limited(server, max_new_rooms_per_name_per_hour=4)
    for number in range(4):
        room = opens(server, "ann", number)
        token = "the secret token of ann, which is long"
        result_of(command_service.command(token, room, lambda by, number=number: Close(by, f"close-{number}")))  # type: ignore[misc]
    with pytest.raises(LimitReached, match="MAX_NEW_ROOMS_PER_NAME_PER_HOUR"):
        opens(server, "ann", 4)
    assert opens(server, "bob", 0)
    server.time += AN_HOUR_S / 4
    assert opens(server, "ann", 4)


def test_a_room_that_is_refused_leaves_nothing_behind(server: MainServer) -> None:
    command_service = limited(server, max_rooms_per_name=1)
    room = opens(server, "ann", 0)
    for _ in range(3):
        with pytest.raises(LimitReached):
            opens(server, "ann", 1)
        assert opens(server, "ann", 0) == room
    assert len(server.store.index) == 1
    assert not command_service._quotas._opening


def test_the_defaults_admit_a_classroom_and_a_rush_of_a_thousand_at_one_address(server: MainServer) -> None:
    limited(server)
    for number in range(30):
        for room in range(5):
            opens(server, f"child {'abcdefghijklmnopqrstuvwxyzäöüß'[number]}", room)
    for number in range(1000):
        token = token_hash(f"the secret token of {number}")
        server.run(server.command_service.accounts.claim(f"visitor {number:04}x", token, "a classroom"))
    assert server.store.names.held == 1030


# -- requests at the same time --------------------------------------------------------------------------------------


def ended_with(laters: list[Later], error: type[TicTacToeError]) -> int:
    """How many ended with this error; all others must have an answer."""
    assert all(later.settled for later in laters)
    assert all(isinstance(later.error, error) for later in laters if later.error is not None)
    return sum(later.error is not None for later in laters)


def test_names_claimed_at_the_same_time_count_for_their_host_and_in_all(accounts: AccountServer) -> None:
    accounts.replication.hold()
    of_east = [accounts.begin(accounts.accounts.claim(f"e {'abcdef'[n]}x", f"east {n}", "east")) for n in range(6)]
    accounts.replication.let_go()
    assert ended_with(of_east, LimitReached) == 6 - LIMITS.max_names_per_host
    accounts.replication.hold()
    claims = [
        accounts.begin(accounts.accounts.claim(f"name {chr(97 + n)}x", f"token {n}", f"host {n}"))
        for n in range(LIMITS.max_names)
    ]
    accounts.replication.let_go()
    assert ended_with(claims, Busy) == LIMITS.max_names_per_host
    assert accounts.store.names.held == LIMITS.max_names


def test_rooms_opened_at_the_same_time_count_for_their_owner(server: MainServer) -> None:
    command_service = limited(server, max_rooms_per_name=2)
    hashed = token_hash("the secret token of ann, which is long")
    server.run(command_service.accounts.claim("ann", hashed, "east"))
    server.replication.hold()
    creates = [
        server.begin(command_service.create(hashed, f"create-{number}", "", "tictactoe", {}, {}, "east"))
        for number in range(5)
    ]
    server.replication.let_go()
    assert ended_with(creates, LimitReached) == 3
    assert len(server.store.index) == 2
    assert not command_service._quotas._opening


def test_rooms_opened_at_the_same_time_are_no_more_than_there_may_be_in_all(server: MainServer) -> None:
    command_service = limited(server, max_rooms=3)
    tokens = {name: token_hash(f"the secret token of {name}, which is long") for name in ("ann", "bob", "cleo")}
    for name, hashed in tokens.items():
        server.run(command_service.accounts.claim(name, hashed))
    server.replication.hold()
    creates = [
        server.begin(command_service.create(hashed, f"create-{number}", "", "tictactoe", {}, {}))
        for hashed in tokens.values()
        for number in range(2)
    ]
    server.replication.let_go()
    assert ended_with(creates, Busy) == 3
    assert len(server.store.index) == 3


def test_matches_of_one_call_are_no_more_than_there_may_be_rooms_in_all(server: MainServer) -> None:
    """Those for which there is room are opened, and a retry gets them."""
    opens(server, "eve", 0)
    command_service = limited(server, max_rooms=3)
    opener = MatchOpener(
        server.store,
        check_new_room=command_service.check_new_room,
        seat_house_bot=lambda: pytest.fail("nobody asked for the house bot"),
        expect_players=command_service.expect_players,
    )
    pairings = [Pairing(system_request(), players, short_list(DEFAULT_GAME)) for players in ("ab", "cd", "ef")]  # type: ignore[arg-type]
    with pytest.raises(Busy):
        server.run(opener.open(pairings))
    assert len(server.store.index) == 3
    assert [opened.room is None for opened in server.run(opener.open(pairings[:2]))] == [False, False]
    with pytest.raises(Busy):
        server.run(opener.open(pairings))
    assert len(server.store.index) == 3


def test_of_two_calls_at_the_same_time_the_second_sees_the_matches_of_the_first(server: MainServer) -> None:
    """No player gets into two matches."""
    board = short_list(DEFAULT_GAME)
    server.replication.hold()
    calls = [
        server.begin(server.match_opener.open([Pairing(system_request(), players, board)]))
        for players in (("ann", "bob"), ("bob", "cleo"), ("cleo", "dan"))
    ]
    assert not any(call.settled for call in calls)
    server.replication.let_go()
    (first,), (second,), (third,) = [result_of(call) for call in calls]
    assert second.taken == {"bob": first.room}
    assert third.room not in (None, first.room)
    assert len(server.store.index) == 2
