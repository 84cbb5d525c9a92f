"""Two windows press Play now, agree, play, see what it did to their ratings, and find the game in the archive."""

from __future__ import annotations

import pytest

from client.desktop.window.app import SMALLEST
from client.desktop.window.records.records import RecordsScreen
from client.game_archive import from_json
from game.match.selection import Proposal
from server.control.cluster import ClusterControl
from tests.client.desktop.window.test_window import assert_fits
from tests.client.desktop.window.windows import Desk, Person, drawn, play


@pytest.fixture
def matched(desk: Desk, shared_cluster: ClusterControl, request: pytest.FixtureRequest) -> tuple[Person, Person]:
    """Two who pressed Play now."""
    people = [desk.sit_down(shared_cluster.name_server, f"{name} {len(request.node.name)}") for name in ("ann", "ben")]
    for person in people:
        person.lobby.act(lambda person=person: person.lobby.model.seeking.set_filter(board="3x3"))  # type: ignore[misc]
        person.lobby.play.play.invoke()
    for person in people:
        person.waits_for(headline="Choose what to play")
    return people[0], people[1]


def test_the_whole_way_from_play_to_the_archive(desk: Desk, matched: tuple[Person, Person]) -> None:
    ann, ben = matched
    names = [person.window.model.user.player.name for person in matched]  # type: ignore[union-attr]
    ann.room.selection.buttons["best_of", 1].invoke()
    ann.room.selection.buttons["clock", "3+2"].invoke()
    wanted = Proposal("3x3", 1, "3+2")
    desk.wait(lambda: ben.room.model.view and ben.room.model.selection.theirs(ben.room.model.view) == wanted)
    desk.wait(lambda: ben.room.selection.buttons["clock", "3+2"].cget("text") == "3 min + 2 s •")
    assert f"{names[0]} proposes: 3×3, one game, 3 min + 2 s" in ben.room.selection.news.cget("text")
    ben.room.selection.agree.invoke()
    desk.wait(lambda: ann.room.model.view is not None and ann.room.model.view.phase == "playing")
    first, second = (ann, ben) if ann.room.model.seat == "X" else (ben, ann)
    play((0, 3, 1, 4, 2), first, second)
    first.waits_for(headline="You won!")
    for person, words in ((first, "You won · rating 1500 → "), (second, "You lost · rating 1500 → ")):
        desk.wait(lambda person=person, words=words: words in str(person.room.actions.result.cget("text")))  # type: ignore[misc]

    second.room.actions.lobby.invoke()
    second.lobby.records.invoke()
    records = second.window.screen
    assert isinstance(records, RecordsScreen)
    desk.wait(lambda: len(records.leaderboard.table.tree.get_children()) >= 2)
    records.mine.invoke()
    desk.wait(lambda: len(records.archive.table.tree.get_children()) == 1)
    desk.wait(lambda: "1 lost" in records.archive.results.cget("text"))
    second.types(records.archive.table.tree, "Return")
    assert records.replay is not None
    assert drawn(records.replay.board) == "XXXOO...."
    second.types(records.replay.board, "Prior")
    assert drawn(records.replay.board) == "XX.OO...."
    second.types(records.replay.board, "Right", "Left", "Left")
    assert drawn(records.replay.board) == "XX.O....."
    file = desk.folder / "game.json"
    records.act(lambda: records.model.export_to(file))
    assert len(from_json(file.read_text()).moves) == 5
    second.types(records.replay.board, "Escape")
    assert records.replay is None
    records.act(lambda: records.model.import_from(file))
    assert records.replay is not None
    assert drawn(records.replay.board) == "XXXOO...."
    assert_fits(second)
    records.act(lambda: records.model.import_from(desk.folder / "nowhere.json"))
    assert "cannot be read" in records.message.cget("text")
    second.types(records.replay.board, "Escape")
    second.types(records.archive.table.tree, "Escape")
    assert second.lobby is not None

    first.room.actions.again.invoke()
    assert first.lobby.model.seeking.is_seeking
    assert first.lobby.play.ticker.timer
    assert first.lobby.play.status.cget("text").startswith("Looking for an opponent")
    first.lobby.play.cancel.invoke()
    desk.wait(first.lobby.play.play.winfo_viewable)


def test_the_selection_fits_into_the_smallest_window_and_works_by_keyboard(
    desk: Desk, matched: tuple[Person, Person]
) -> None:
    ann, ben = matched
    width, height = (desk.look.px(length) for length in SMALLEST)
    ann.window.shell.geometry(f"{width}x{height}")
    desk.wait(lambda: ann.window.shell.winfo_width() == width)
    assert_fits(ann)
    best_of_three = ann.room.selection.buttons["best_of", 3]
    ann.types(best_of_three, "space")
    desk.wait(lambda: ben.room.selection.buttons["best_of", 3].cget("text") == "Best of 3 •")
    desk.wait(lambda: "You propose: 3×3, best of 3, unlimited" in ann.room.selection.news.cget("text"))
    assert_fits(ann)
    ben.types(ben.room.selection.agree, "space")
    desk.wait(lambda: ann.room.model.view is not None and ann.room.model.view.best_of == 3)
    desk.wait(ann.room.board.winfo_viewable)
