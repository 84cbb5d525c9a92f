"""The first screen: every way in, and every way it can fail, said in place."""

from __future__ import annotations

from client.desktop.model.base.local_servers import CannotDo, LocalServers
from client.desktop.window.lobby.sign_in import SignInScreen
from server.control.cluster import ClusterControl
from tests.client.desktop.window.windows import Desk, Person
from tests.conftest import MakeCluster
from tictactoe import OwnServers


def start_of(person: Person) -> SignInScreen:
    screen = person.window.screen
    assert isinstance(screen, SignInScreen)
    return screen


def test_a_window_without_a_server_says_so_and_offers_to_start_one(desk: Desk, make_cluster: MakeCluster) -> None:
    cluster = make_cluster()
    ada = desk.sit_down(cluster.name_server, own=lambda: OwnServers(cluster.settings))
    start = start_of(ada)
    start.name.insert(0, "ad")
    start.play.invoke()
    desk.wait(lambda: start.message.cget("text").startswith("No cluster answers at"))
    start.name.insert("end", "a")
    assert start.message.cget("text").endswith("Start the servers here, or check the address.")
    assert start.start.winfo_manager()
    start.start.invoke()
    desk.wait(lambda: start.message.cget("text").startswith("Starting the servers"))
    lobby = ada.lobby
    desk.wait(lambda: lobby.model.hint.startswith("No room is open yet."), "it starts them, and signs in")
    assert lobby.model.me == "ada", "with the name that is in the field"
    assert cluster.is_whole()


def test_servers_that_cannot_be_started_are_said_in_place(desk: Desk) -> None:
    def cannot() -> LocalServers:
        raise CannotDo("the data folder cannot be used: no space left")

    ada = desk.sit_down("127.0.0.1:1", own=cannot)
    start = start_of(ada)
    start.name.insert(0, "ada")
    start.play.invoke()
    desk.wait(start.start.winfo_manager)
    start.start.invoke()
    desk.wait(lambda: "The data folder cannot be used: no space left." in start.message.cget("text"))


def test_a_name_that_is_taken_or_no_name_is_said_in_place_and_another_goes_in(
    desk: Desk, shared_cluster: ClusterControl
) -> None:
    desk.sit_down(shared_cluster.name_server, "Ruth").lobby.focus_set()
    other = desk.sit_down(shared_cluster.name_server)
    start = start_of(other)
    start.play.invoke()
    assert start.message.cget("text").startswith("Choose a name")
    for name, said in (
        ("ruth", "The name ruth belongs to somebody else on this server. Choose another."),
        ("no/slash", "Please change it."),
    ):
        start.name.delete(0, "end")
        start.name.insert(0, name)
        start.play.invoke()
        desk.wait(lambda said=said: said in start.message.cget("text"))  # type: ignore[misc]
    start.name.delete(0, "end")
    start.name.insert(0, "ruth two")
    other.types(start.name, "Return")
    assert other.lobby.model.me == "ruth two"


def test_one_s_own_name_in_other_letters_is_one_s_own(desk: Desk, shared_cluster: ClusterControl) -> None:
    vic = desk.sit_down(shared_cluster.name_server, "Vic")
    assert vic.lobby.model.me == "Vic"
    vic.window.model.sign_out()
    vic.window.refresh()
    start = start_of(vic)
    start.name.delete(0, "end")
    start.name.insert(0, "vic")
    start.play.invoke()
    assert vic.lobby.model.me == "Vic"


def test_an_address_that_is_none_is_said_in_place(desk: Desk) -> None:
    ada = desk.sit_down("not:a:port", "ada")
    desk.wait(lambda: "host:port" in start_of(ada).message.cget("text"))


def test_what_was_used_last_is_offered_first(desk: Desk, shared_cluster: ClusterControl) -> None:
    una = desk.sit_down(shared_cluster.name_server, "una")
    assert una.lobby.model.me == "una"
    una.window.model.sign_out()
    una.window.refresh()
    start = start_of(una)
    assert (start.name.get(), start.server.get()) == ("una", shared_cluster.name_server)
    una.types(start.play, "Return")
    assert una.lobby.model.me == "una"


def test_a_name_that_looks_like_another_s_is_refused_with_whose(desk: Desk, shared_cluster: ClusterControl) -> None:
    assert desk.sit_down(shared_cluster.name_server, "Willa").lobby.model.me == "Willa"
    start = start_of(desk.sit_down(shared_cluster.name_server))
    start.name.insert(0, "WiIla")
    start.play.invoke()
    desk.wait(lambda: "looks like Willa" in start.message.cget("text"))


def test_a_name_is_kept_with_a_code_and_had_again_in_another_window(desk: Desk, shared_cluster: ClusterControl) -> None:
    yara = desk.sit_down(shared_cluster.name_server, "Yara")
    assert yara.lobby.model.me == "Yara"
    yara.window.toggle_recovery()
    page = yara.window.recovery.page
    assert page is not None
    assert not page.copy_button.winfo_manager()
    page.make.invoke()
    desk.wait(lambda: page.model.code)
    yara.window.refresh()
    assert page.code.get() == page.model.code
    page.copy_button.invoke()
    code = page.clipboard_get()
    assert code == page.model.code
    other = desk.sit_down(shared_cluster.name_server)
    start = start_of(other)
    start.name.insert(0, "yara")
    start.recover.invoke()
    desk.wait(lambda: 0 < start.server.winfo_y() < start.code.winfo_y() < start.play.winfo_y(), "nothing covers it")
    for typed, said in (("what?", "A recovery code has 20 letters and digits"), ("0" * 20, "not the recovery code")):
        start.code.delete(0, "end")
        start.code.insert(0, typed)
        start.play.invoke()
        desk.wait(lambda said=said: said in start.message.cget("text"))  # type: ignore[misc]
    start.code.delete(0, "end")
    start.code.insert(0, code.lower())
    other.types(start.code, "Return")
    assert other.lobby.model.me == "Yara"
    desk.wait(lambda: "belongs to somebody else" in yara.lobby.message.cget("text"), "the first window hears of it")
    other.window.model.sign_out()
    other.window.refresh()
    again = start_of(other)
    again.play.invoke()
    assert other.lobby.model.me == "Yara", "the new token is remembered"


def test_the_page_for_keeping_a_name_goes_with_the_name(desk: Desk, shared_cluster: ClusterControl) -> None:
    zita = desk.sit_down(shared_cluster.name_server)
    zita.window.toggle_recovery()
    assert zita.window.recovery.page is None
    assert "Sign in first" in start_of(zita).message.cget("text")
    start_of(zita).name.insert(0, "Zita")
    start_of(zita).play.invoke()
    assert zita.lobby.model.me == "Zita"
    zita.window.toggle_recovery()
    assert zita.window.recovery.page is not None
    zita.window.model.sign_out()
    zita.window.refresh()
    assert zita.window.recovery.page is None
