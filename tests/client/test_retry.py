"""When the client tries again, and when it gives up."""

from __future__ import annotations

import random
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from client.cluster import connect
from client.connection import ObjectAddress, RetryingConnection, RetryPolicy
from client.credentials import Credentials
from client.retry import LONGEST_PAUSE_S, SHORT_PAUSE_S, Attempts, backoff
from game.errors import InvalidArgument, NotYourTurn
from server.settings import Settings
from wire.errors import Busy, DeadlineExceeded, Fenced, NotReady, StorageFailed, TicTacToeError, TooLarge, Unreachable
from wire.rpc import Address


class FailingCall:
    """Fails with these errors, one after the other, then succeeds."""

    def __init__(self, *errors: TicTacToeError) -> None:
        self.errors = list(errors)
        self.timeouts: list[float] = []
        self.failures = 0

    def __call__(self, timeout_s: float) -> str:
        self.timeouts.append(timeout_s)
        if self.errors:
            raise self.errors.pop(0)
        return "done"

    def run(self, deadline_s: float = 5.0) -> str:
        attempts = Attempts(deadline_s, attempt_s=2.0)
        while True:
            try:
                return self(attempts.timeout_s())
            except TicTacToeError as error:
                pause_s = attempts.pause_after(error)
            self.failures += 1
            time.sleep(pause_s)


def test_what_may_pass_is_tried_again() -> None:
    attempts = FailingCall(Unreachable("x"), NotReady("x"), Busy("x"), Fenced("x"), DeadlineExceeded("x"))
    assert attempts.run() == "done"
    assert attempts.failures == 5
    assert all(0 < timeout_s <= 2.0 for timeout_s in attempts.timeouts)


@pytest.mark.parametrize("error", [NotYourTurn("x"), InvalidArgument("x"), TooLarge("x")])
def test_what_will_not_pass_is_not_tried_again(error: TicTacToeError) -> None:
    attempts = FailingCall(error)
    with pytest.raises(type(error)):
        attempts.run()
    assert len(attempts.timeouts) == 1


def test_when_time_is_up_an_open_end_is_deadline_exceeded() -> None:
    with pytest.raises(DeadlineExceeded):
        FailingCall(*[Unreachable("x")] * 10_000).run(deadline_s=0.05)


@pytest.mark.parametrize("error", [NotReady("x"), Busy("x")])
def test_when_time_is_up_a_refusal_stays_what_it_is(error: TicTacToeError) -> None:
    with pytest.raises(type(error)):
        FailingCall(*[error] * 10_000).run(deadline_s=0.05)


@pytest.mark.parametrize("error", [Unreachable("x"), Fenced("x")])
def test_when_any_try_may_have_been_carried_out_a_later_refusal_does_not_hide_that(error: TicTacToeError) -> None:
    with pytest.raises(DeadlineExceeded):
        FailingCall(error, *[Busy("x")] * 10_000).run(deadline_s=0.05)


def test_pauses_grow_with_jitter_and_stay_short_for_the_first_second() -> None:
    now = 0.0
    pause = backoff(lambda: now, random.Random(1))
    first = [pause() for _ in range(50)]
    assert all(0 <= wait_s <= SHORT_PAUSE_S for wait_s in first)
    assert len(set(first)) > 40
    now = 2.0
    later = [pause() for _ in range(50)]
    assert SHORT_PAUSE_S < max(later) <= LONGEST_PAUSE_S


def test_a_channel_to_nobody_gives_up_with_a_clear_error(settings: Settings) -> None:
    place = ObjectAddress(Address("127.0.0.1", settings.main_port), "room.none")
    connection = RetryingConnection(lambda: place, retry_policy=RetryPolicy(0.1))
    with pytest.raises(DeadlineExceeded, match=str(settings.main_port)):
        connection.call("view", "t")


def test_a_call_that_queues_up_behind_another_gives_up_in_time_as_well(settings: Settings) -> None:
    place = ObjectAddress(Address("127.0.0.1", settings.main_port), "room.none")
    looking, go_on = threading.Event(), threading.Event()

    def find() -> ObjectAddress:
        looking.set()
        go_on.wait(30)
        return place

    connection = RetryingConnection(find, retry_policy=RetryPolicy(0.1))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(connection.call, "view", "t")
        assert looking.wait(30)
        with pytest.raises(DeadlineExceeded, match="another call"):
            connection.call("view", "t")
        go_on.set()
        with pytest.raises(DeadlineExceeded):
            first.result(30)


def test_a_server_given_in_a_way_that_cannot_be_is_refused() -> None:
    for server in ("", ":1337", "host:", "host:x", "host:0", "host:70000", "host:" + 5000 * "9", "host:\u0661"):
        with pytest.raises(InvalidArgument):
            connect(server or [], deadline_s=0.1)


def test_tokens_are_remembered_in_a_file_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "tokens.json"
    token = Credentials(file).token_for("here:1337", "ada")
    assert Credentials(file).token_for("here:1337", "ada") == token
    assert Credentials(file).token_for("here:1337", "bob") != token
    assert Credentials(file).token_for("there:1337", "ada") != token
    assert Credentials(file).names("here:1337") == ["ada", "bob"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "broken", ["", "{", '{"here:1337": {"ada": "tok', "[]", "7", '{"here:1337": 3}', "[" * 100_000]
)
def test_a_broken_file_of_tokens_is_a_clear_error_and_stays_as_it_is(tmp_path: Path, broken: str) -> None:
    file = tmp_path / "tokens.json"
    file.write_text(broken)
    with pytest.raises(StorageFailed, match=r"tokens\.json"):
        Credentials(file).token_for("here:1337", "ada")
    assert file.read_text() == broken


def test_the_same_name_and_the_same_server_in_other_letters_have_the_same_token(tmp_path: Path) -> None:
    credentials = Credentials(tmp_path / "tokens.json")
    token = credentials.token_for("localhost:1337", "Ada")
    assert credentials.token_for("127.0.0.1:1337", "ada") == token
    assert credentials.token_for("LOCALHOST", "ADA") == token
    assert credentials.names("localhost") == ["Ada"]


def test_a_place_where_no_tokens_can_be_kept_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageFailed, match="file"):
        Credentials(tmp_path / "file" / "tokens.json").token_for("here:1337", "ada")
