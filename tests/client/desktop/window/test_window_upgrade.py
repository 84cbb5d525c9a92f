"""Two windows play a best of three with a clock and talk, while all servers are replaced by newly started ones."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from client.desktop.window.records.records import RecordsScreen
from game.match.selection import Proposal
from server.control.cluster import ClusterControl
from server.control.upgrade import upgrade
from server.supervision.processes import ROLES
from tests.client.desktop.window.windows import Desk, Person
from tests.conditions import wait_until


def wins(desk: Desk, game: int, winner: Person, loser: Person) -> None:
    """The game of that number, from its first move to its last, whoever begins."""
    desk.wait(lambda: _plays(winner, game) and _plays(loser, game), f"game {game} has begun")
    first, second = (winner, loser) if winner.room.model.seat == "X" else (loser, winner)
    lines = {winner: [0, 1, 2], loser: [3, 4, 8]}
    for number in range(6):
        who = (first, second)[number % 2]
        cell = lines[who].pop(0)
        if who is winner and not lines[who]:
            who.waits_for(headline="Your turn")
            who.clicks(cell)
            return
        who.plays(cell)


def _plays(person: Person, game: int) -> bool:
    view = person.room.model.view
    return view is not None and (view.phase, view.game_number) == ("playing", game)


def test_two_windows_play_a_series_with_clocks_while_the_servers_are_upgraded(
    desk: Desk, cluster: ClusterControl
) -> None:
    people = ann, ben = [desk.sit_down(cluster.name_server, name) for name in ("ann", "ben")]
    for person in people:
        person.lobby.play.play.invoke()
    ann.waits_for(headline="Choose what to play")
    for kind, choice in (("board", "3x3"), ("best_of", 3), ("clock", "3+2")):
        ann.room.selection.buttons[kind, choice].invoke()
    wanted = Proposal("3x3", 3, "3+2")
    desk.wait(lambda: ben.room.model.view and ben.room.model.selection.theirs(ben.room.model.view) == wanted)
    ben.room.selection.agree.invoke()
    before = [cluster.process_of(role) for role in ROLES]
    with ThreadPoolExecutor(1) as pool:
        upgrading = pool.submit(upgrade, cluster)
        wins(desk, 1, ann, ben)
        for person, text in ((ann, "One more?"), (ben, "Sure")):
            person.room.model.chat.send(text)
        wins(desk, 2, ann, ben)
        ann.waits_for(headline="You won!")
        desk.wait(upgrading.done, "the upgrade is through")
        upgrading.result()
    after = [cluster.process_of(role) for role in ROLES]
    assert all(old != new and new is not None for old, new in zip(before, after, strict=True))
    wait_until(cluster.is_whole)
    view = ann.room.model.view
    assert view is not None
    assert (dict(view.wins), view.series_over, view.time is not None) == ({"ann": 2}, True, True)
    for person in people:
        lines = person.room.chat.lines
        desk.wait(lambda lines=lines: "One more?" in lines.get("1.0", "end") and "Sure" in lines.get("1.0", "end"))  # type: ignore[misc]
    desk.wait(lambda: "You won 2" in ann.room.actions.result.cget("text"), ann.room.actions.result.cget("text"))
    desk.wait(lambda: "rating 1500 → " in ann.room.actions.result.cget("text"))
    ben.room.actions.lobby.invoke()
    ben.lobby.records.invoke()
    records = ben.window.screen
    assert isinstance(records, RecordsScreen)
    records.mine.invoke()
    desk.wait(lambda: len(records.archive.table.tree.get_children()) == 2)
