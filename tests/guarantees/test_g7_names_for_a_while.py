"""G7: a username is held while its owner is connected, sits in an open room or has kept it; else it is free again."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from client import Cluster as Connection
from client import RoomClient, connect
from client.credentials import new_token
from client.player import new_recovery_code
from game.errors import BadToken, InvalidArgument, NameTaken, NameTooSimilar, WrongCode
from server.control.cluster import ClusterControl
from server.main.account_service import WRONG_CODES_AT_ONCE
from tests.conditions import PATIENCE_S, wait_until
from tests.conftest import HANG_S
from verify.testbed.local_cluster import sandbox_cluster
from wire import COMMUNICATION, MAIN
from wire.errors import Busy, TicTacToeError
from wire.rpc import Proxy

_numbers = itertools.count()


@pytest.fixture(scope="module")
def patient(shared_cluster: ClusterControl) -> Iterator[Connection]:
    """A connection to a cluster that lets nobody's name go while a test runs."""
    with connect(shared_cluster.name_server, deadline_s=PATIENCE_S) as connection:
        yield connection


@pytest.fixture
def mortal(shared_cluster: ClusterControl) -> Iterator[ClusterControl]:
    """The same cluster for a test that kills its servers: whole before and after."""
    wait_until(shared_cluster.is_whole)
    yield shared_cluster
    wait_until(shared_cluster.is_whole)


@pytest.fixture(scope="module")
def hasty() -> Iterator[ClusterControl]:
    """A cluster in which names are free after some seconds: not fewer, since whoever is here must be heard in them."""
    with sandbox_cluster(hang_s=HANG_S, name_grace_s=5.0, max_wait_s=0.2) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def held(hasty: ClusterControl) -> Iterator[RoomClient]:
    """The only two names there that stay whatever happens, "kept" and "sitting"; gives the room of the second."""
    with connect(hasty.name_server, deadline_s=PATIENCE_S) as connection:
        connection.claim("kept").keep()
        yield seated(connection, "sitting")


@pytest.fixture
def in_haste(hasty: ClusterControl) -> Iterator[Connection]:
    with connect(hasty.name_server, deadline_s=PATIENCE_S) as connection:
        yield connection


def fresh() -> str:
    return f"dora{next(_numbers)}"


def raises(
    kind: type[TicTacToeError], call: Callable[[], object], *, otherwise: type[TicTacToeError] | tuple[()] = ()
) -> bool:
    """Whether that is what a call is refused with; else it is done, or refused ``otherwise``."""
    try:
        call()
    except kind:
        return True
    except otherwise:
        return False
    return False


def seated(connection: Connection, name: str) -> RoomClient:
    """Somebody with a seat in a room, who is not heard of any more."""
    player = connection.claim(name)
    room = player.create(f"{name}'s")
    room.join()
    return room


# -- look-alikes ---------------------------------------------------------------------------------------------------


def test_g7_a_name_that_looks_like_somebody_s_is_refused_and_says_whose(patient: Connection) -> None:
    patient.claim("Marian Hall")
    for thief in ("\u041carian Hall", "marian ha11", "Marian HaII", "MARIAN HAL\u04cf"):
        with pytest.raises(NameTooSimilar, match="looks like Marian Hall"):
            patient.claim(thief)
    with pytest.raises(NameTaken, match="belongs to somebody else") as same:
        patient.claim("MARIAN HALL")
    assert not isinstance(same.value, NameTooSimilar)
    assert patient.claim("Marian Halle").name == "Marian Halle"


def test_g7_what_stands_between_words_makes_no_other_name(patient: Connection) -> None:
    patient.claim("paymaster")
    for thief in ("pay.master", "Pay Master", "pay-m\u0430ster"):
        with pytest.raises(NameTooSimilar, match="looks like paymaster"):
            patient.claim(thief)


@pytest.mark.parametrize("name", ["House.bot", "house bot", "house-b0t", "House_Bot"])
def test_g7_nobody_passes_for_the_house_bot(patient: Connection, name: str) -> None:
    with pytest.raises(NameTaken, match="the house bot's name"):
        patient.claim(name)


def test_g7_look_alikes_are_known_after_a_takeover(mortal: ClusterControl, patient: Connection) -> None:
    abba = patient.claim("abba")
    mortal.kill(MAIN)
    with pytest.raises(NameTooSimilar):
        patient.claim("\u0430bba")
    assert patient.claim("abba", token=abba.token).name == "abba"


# -- kept and recovered --------------------------------------------------------------------------------------------


def test_g7_a_recovery_code_moves_a_name_to_another_machine(patient: Connection) -> None:
    here = patient.claim(fresh())
    room = here.create("a room")
    room.join()
    code = here.keep()
    there = patient.recover(here.name.upper(), code.lower().replace("-", " "))
    assert there.name == here.name
    assert there.token != here.token
    assert there.room(room.id).join().seat == "X", "and the seat with it"
    for refused in (room.leave, room.view, here.keep, lambda: here.create("another")):
        with pytest.raises(BadToken):
            refused()
    with pytest.raises(NameTaken):
        patient.ask("online", here.name, here.token)
    assert patient.recover(here.name, code).name == here.name, "the code stays good"
    with pytest.raises(BadToken):
        there.create("too late")


def test_g7_a_new_code_takes_the_place_of_the_old_one(patient: Connection) -> None:
    player = patient.claim(fresh())
    first, second = player.keep(), player.keep()
    assert first != second
    with pytest.raises(WrongCode):
        patient.recover(player.name, first)
    with pytest.raises(InvalidArgument):
        player.keep(code=first)
    assert patient.recover(player.name, second).name == player.name


def test_g7_wrong_codes_are_refused_and_slowed_down_name_by_name(
    shared_cluster: ClusterControl, patient: Connection
) -> None:
    kept, other, free = patient.claim(fresh()), patient.claim(fresh()), fresh()
    code = kept.keep()
    front_door = Proxy(shared_cluster.settings.public_address_of(COMMUNICATION), COMMUNICATION)

    def guess(name: str) -> object:
        return front_door.call("recover_name", name, new_recovery_code(), new_token(), timeout_s=PATIENCE_S)

    for name in (kept.name, other.name, free):
        with pytest.raises(WrongCode):
            guess(name)
    tried = 1
    while raises(WrongCode, lambda: guess(kept.name), otherwise=Busy):
        tried += 1
    assert tried >= WRONG_CODES_AT_ONCE
    with pytest.raises(WrongCode):
        guess(other.name)
    assert patient.claim(kept.name, token=kept.token).name == kept.name
    assert patient.recover(kept.name, code).name == kept.name, "who has the right one comes through"


def test_g7_a_token_recovers_no_second_name(patient: Connection) -> None:
    ada, bob = patient.claim(fresh()), patient.claim(fresh())
    with pytest.raises(InvalidArgument, match="another name"):
        patient.ask("recover_name", ada.name, ada.keep(), bob.token)


def test_g7_keeping_and_recovering_survive_the_death_of_main_in_between(
    mortal: ClusterControl, patient: Connection
) -> None:
    name = fresh()
    code = patient.claim(name).keep()
    mortal.kill(MAIN)
    first = patient.recover(name, code)
    mortal.kill(MAIN)
    second = patient.recover(name, code)
    mortal.kill(MAIN)
    with pytest.raises(NameTaken):
        patient.claim(name, token=first.token)
    assert patient.claim(name, token=second.token).name == name


def test_g7_codes_are_in_no_log_and_no_journal(shared_cluster: ClusterControl, patient: Connection) -> None:
    name = fresh()
    code = patient.claim(name).keep()
    patient.recover(name, code)
    written = {form.encode() for form in (code, code.replace("-", ""))}
    for file in (file for file in shared_cluster.settings.data.rglob("*") if file.is_file()):
        content = file.read_bytes()
        assert not any(form in content for form in written), file


# -- free again ----------------------------------------------------------------------------------------------------


def test_g7_a_name_is_free_after_the_grace_time_unless_it_is_held(in_haste: Connection, held: RoomClient) -> None:
    gone, here = in_haste.claim("gone"), in_haste.claim("here")

    def is_free() -> bool:
        in_haste.ask("online", here.name, here.token)
        return not raises(NameTaken, lambda: in_haste.claim("GONE"))

    wait_until(is_free, what="the name is free again")
    for name in ("kept", "sitting", "here"):
        with pytest.raises(NameTaken):
            in_haste.claim(name)
    with pytest.raises(BadToken, match="somebody else has it"):
        gone.create("mine?")
    assert held.view().seats["X"] is not None


@pytest.mark.usefixtures("held")
def test_g7_who_comes_back_to_a_free_name_gets_it_again_without_asking(in_haste: Connection) -> None:
    player = in_haste.claim("ada")
    wait_until(lambda: _names(in_haste) == 2, what="the name is let go, and only what is held is left")
    again = player.create("back again")
    assert again.join().seat == "X"
    assert in_haste.claim("ada", token=player.token).name == "ada"
    again.close()


def _names(connection: Connection) -> object:
    """How many names are somebody's, asked without a word from anybody."""
    return next(server["names"] for server in connection.ask("servers")["servers"] if server["role"] == MAIN)


def test_g7_after_a_takeover_a_whole_grace_time_has_to_pass(mortal: ClusterControl, patient: Connection) -> None:
    name = fresh()
    patient.claim(name)
    mortal.kill(MAIN)
    with pytest.raises(NameTaken):
        patient.claim(name)
