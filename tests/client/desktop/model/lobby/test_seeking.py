"""Play now, against real servers: two are matched and play, one thinks better of it, the house bot offers itself."""

from __future__ import annotations

from game.match.selection import Proposal, SeekFilter
from server.control.cluster import ClusterControl
from tests.client.desktop.model.seat import Seat, SitDown


def matched(sit_down: SitDown, cluster: ClusterControl, *names: str) -> tuple[Seat, Seat]:
    """Two who pressed Play and are in their match."""
    first, second = (sit_down(cluster.name_server, name) for name in names)
    for seat in (first, second):
        seat.lobby.seeking.set_filter(board="3x3", clock="3+2")
        seat.lobby.seeking.play()
    for seat in (first, second):
        assert seat.room.view is not None
    return first, second


def test_two_who_press_play_are_in_one_room_and_agree(sit_down: SitDown, shared_cluster: ClusterControl) -> None:
    ann, ben = matched(sit_down, shared_cluster, "ann q", "ben q")
    assert ann.room.id == ben.room.id
    view = ann.room.view
    assert view is not None
    assert view.phase == "selecting"
    assert [option.part for option in ann.room.selection.options(view)] == ["board", *3 * ["best_of"], "clock"]

    ann.room.selection.choose("best_of", 3)
    ben.wait(lambda: ben.room.view and ben.room.selection.theirs(ben.room.view) == Proposal("3x3", 3, "3+2"))
    assert ben.room.view is not None
    assert "ann q proposes: 3×3, best of 3, 3 min + 2 s" in ben.room.selection.status(ben.room.view, ben.room.at)
    ben.room.selection.agree()
    for seat in (ann, ben):
        seat.wait(lambda seat=seat: seat.room.view.phase == "playing" and seat.room.view.best_of == 3)  # type: ignore[misc]


def test_after_the_series_there_is_a_result_with_the_rating_and_one_click_leads_on(
    sit_down: SitDown, shared_cluster: ClusterControl
) -> None:
    cai, dot = matched(sit_down, shared_cluster, "cai q", "dot q")
    cai.room.selection.choose("best_of", 1)
    dot.wait(lambda: dot.room.view and dot.room.selection.theirs(dot.room.view))
    dot.room.selection.agree()
    dot.wait(lambda: dot.room.view and dot.room.view.phase == "playing")
    dot.resigns()
    cai.wait(lambda: "rating" in cai.room.result.text)
    dot.wait(lambda: "rating" in dot.room.result.text)
    assert cai.room.result.text.startswith("You won · rating 1500 → 1")
    assert dot.room.result.text.startswith("You lost · rating 1500 → 1")

    cai.model.play_again()
    assert cai.model.shown is cai.model.lobby
    assert cai.lobby.seeking.is_seeking
    assert cai.lobby.seeking.filter == SeekFilter("3x3", "3+2")
    cai.lobby.seeking.cancel()
    cai.wait(lambda: not cai.lobby.seeking.is_seeking)


def test_who_cancels_is_in_nobody_s_match(sit_down: SitDown, shared_cluster: ClusterControl) -> None:
    eve = sit_down(shared_cluster.name_server, "eve q")
    eve.lobby.seeking.set_filter(board="7x7")
    eve.lobby.seeking.play()
    assert eve.lobby.seeking.status == "Looking for an opponent … 0 s"
    eve.lobby.seeking.cancel()
    eve.wait(lambda: not eve.lobby.seeking.is_seeking)
    assert eve.lobby.seeking.status == ""
    assert eve.model.shown is eve.model.lobby


def test_nobody_waits_alone_for_long_the_house_bot_offers_itself_and_says_what_it_is(
    sit_down: SitDown, shared_cluster: ClusterControl
) -> None:
    fox = sit_down(shared_cluster.name_server, "fox q")
    fox.lobby.seeking.set_filter(board="10x10")
    fox.lobby.seeking.play()
    fox.wait(lambda: fox.lobby.seeking.house_bot_offers)
    fox.lobby.seeking.keep_waiting()
    assert not fox.lobby.seeking.house_bot_offers
    fox.lobby.seeking.cancel()
    fox.wait(lambda: not fox.lobby.seeking.is_seeking)
    fox.lobby.seeking.play()
    fox.wait(lambda: fox.lobby.seeking.house_bot_offers)
    fox.lobby.seeking.play_house_bot()
    view = fox.room.view
    assert view is not None
    assert len(view.bots) == 1
    assert view.owner == ""
