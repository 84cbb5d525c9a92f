"""Talk between models on real servers, and what one would rather not read."""

from __future__ import annotations

from server.control.cluster import ClusterControl
from tests.client.desktop.model.seat import Seat, SitDown


def two(sit_down: SitDown, cluster: ClusterControl, *names: str) -> tuple[Seat, Seat]:
    first, second = (sit_down(cluster.name_server, name) for name in names)
    second.enters(first.creates("talk").id)
    first.wait(lambda: first.room.my_turn)
    return first, second


def read(seat: Seat) -> list[tuple[str, str]]:
    return [(line.by, line.text) for line in seat.room.chat.lines]


def test_what_one_says_the_others_read_also_who_comes_later(sit_down: SitDown, shared_cluster: ClusterControl) -> None:
    ann, ben = two(sit_down, shared_cluster, "ann t", "ben t")
    assert ann.room.chat.send("  good\tluck ")
    ben.wait(lambda: ben.room.chat.lines)
    assert read(ben) == [("ann t", "good luck")]
    assert ben.room.chat.unread == 1
    ben.room.chat.set_open(True)
    assert ben.room.chat.unread == 0
    ann.wait(lambda: not ann.room.chat.sending)
    assert ann.room.chat.unread == 0, "one's own lines are no news"
    eve = sit_down(shared_cluster.name_server, "eve t")
    eve.enters(ann.room.id)
    assert read(eve) == [("ann t", "good luck")]
    assert eve.room.chat.unread == 0, "history is no news either"


def test_too_much_is_refused_and_given_back_to_be_mended(sit_down: SitDown, shared_cluster: ClusterControl) -> None:
    cai, _ = two(sit_down, shared_cluster, "cai t", "dot t")
    talk = cai.room.chat
    assert not talk.send("   ")
    assert not talk.send("x" * 201)
    assert talk.notice == "A line has at most 200 characters."
    for number in range(5):
        assert talk.send(f"line {number}")
        cai.wait(lambda: not talk.sending)
    talk.send("one too many")
    cai.wait(lambda: talk.notice)
    assert talk.draft == "one too many"
    assert talk.notice == "You have sent many messages: wait some seconds."


def test_muting_stays_here_and_is_remembered(sit_down: SitDown, shared_cluster: ClusterControl) -> None:
    fay, gus = two(sit_down, shared_cluster, "fay t", "gus t")
    hal = sit_down(shared_cluster.name_server, "hal t")
    hal.enters(fay.room.id)
    hal.room.chat.send("hello from the side")
    gus.room.chat.send("hello")
    for seat in (fay, gus):
        seat.wait(lambda seat=seat: len(seat.room.chat.lines) == 2)  # type: ignore[misc]
    fay.room.chat.preferences.hide_spectators(True)
    assert read(fay) == [("gus t", "hello")]
    fay.room.chat.preferences.mute("gus t", True)
    assert read(fay) == []
    assert set(fay.room.chat.people) == {"gus t", "hal t"}, "whom one can hear again"
    assert len(read(gus)) == 2, "nobody else is told"
    preferences = fay.model.preferences.__class__(fay.model.preferences._file)
    assert (preferences.muted, preferences.hides_spectators) == (("gus t",), True)
    gus.wait(lambda: not gus.room.chat.sending)
    unread = fay.room.chat.unread
    gus.room.chat.send("again")
    gus.wait(lambda: len(gus.room.chat.lines) == 3)
    fay.wait(lambda: len(fay.room.chat._lines) == 3)
    assert fay.room.chat.unread == unread, "what is not read is not new"
    fay.room.chat.preferences.mute("gus t", False)
    assert read(fay) == [("gus t", "hello"), ("gus t", "again")]
