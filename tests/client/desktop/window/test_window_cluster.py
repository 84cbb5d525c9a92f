"""The cluster view: the four as they are, the last takeovers, and killing one to see what happens."""

from __future__ import annotations

from client.desktop.model.base.cluster import ORDER
from client.desktop.window.lobby.cluster import ClusterScreen
from server.control.cluster import ClusterControl
from tests.client.desktop.window.windows import Desk, Person, two_in_a_room
from tictactoe import OwnServers
from wire import MAIN, REPLICATION


def servers_of(person: Person) -> ClusterScreen:
    person.window.toggle_cluster_view()
    screen = person.window.cluster_view.page
    assert screen is not None
    return screen


def facts(screen: ClusterScreen, role: str) -> str:
    return str(screen.picture.itemcget(f"facts-{role}", "text"))


def test_servers_are_killed_from_the_view_while_a_game_goes_on(desk: Desk, shared_cluster: ClusterControl) -> None:
    tea = desk.sit_down(shared_cluster.name_server, "tea", own=lambda: OwnServers(shared_cluster.settings))
    tea.opens_new_room("killing").open.invoke()
    uwe = desk.sit_down(shared_cluster.name_server, "uwe", room=tea.room.model.id)
    screen = servers_of(tea)
    desk.wait(lambda: screen.model.can_kill and all(server.is_well for server in screen.model.servers))
    assert [server.role for server in screen.model.servers] == list(ORDER)
    for role in (MAIN, REPLICATION):
        tea.plays({MAIN: 0, REPLICATION: 1}[role])
        run = shared_cluster.process_of(role)
        assert run is not None
        desk.wait(lambda pid=run.pid, role=role: f"pid {pid}" in facts(screen, role))  # type: ignore[misc]
        screen.kills[role].invoke()
        desk.wait(lambda pid=run.pid: f"pid {pid}." in screen.message.cget("text"))  # type: ignore[misc]
        uwe.plays({MAIN: 4, REPLICATION: 5}[role])
        desk.wait(lambda role=role: screen.model.takeovers and screen.model.takeovers[0].role == role)  # type: ignore[misc]
        desk.wait(lambda: all(server.is_well for server in screen.model.servers))
    tea.plays(2)
    tea.waits_for(headline="You won!")
    assert screen.takeovers.cget("text").splitlines()[0].startswith("Replication server replaced in ")
    tea.types(screen, "Escape")
    assert tea.window.cluster_view.page is None


def test_a_cluster_elsewhere_is_seen_through_the_front_door_and_not_killed(
    desk: Desk, shared_cluster: ClusterControl
) -> None:
    vera, walt = two_in_a_room(desk, shared_cluster, "vera", "walt")
    screen = servers_of(vera)
    desk.wait(lambda: all(server.state == "running" for server in screen.model.servers))
    assert not screen.model.can_kill
    assert "epoch" in facts(screen, MAIN)
    screen.model.kill(MAIN)
    assert screen.message.cget("text") == ""
    vera.window.toggle_cluster_view()
    walt.window.toggle_cluster_view()
    walt.window.model.sign_out()
    walt.window.refresh()
    assert walt.window.cluster_view.page is None, "signed out, there is no cluster to look at"
