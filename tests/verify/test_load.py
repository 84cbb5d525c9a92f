"""A rush in small: everybody is matched, every series ends, nothing is lost, while servers are killed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from client import connect
from game.errors import InvalidArgument
from server.control.cluster import ClusterControl
from tests.conditions import PATIENCE_S, wait_until
from verify.load import worker
from verify.load.report import LoadPlan, LoadReport
from verify.load.run import run_load
from verify.load.worker import SEEK_FILTER, LoadWorker
from verify.testbed.local_cluster import sandbox_cluster

PEOPLE = 8


@pytest.fixture(scope="module")
def cluster() -> Iterator[ClusterControl]:
    with sandbox_cluster(keep_events=1_000_000, away_s=3600.0) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def said() -> list[str]:
    """What the rush says meanwhile."""
    return []


@pytest.fixture(scope="module")
def summary(cluster: ClusterControl, said: list[str]) -> LoadReport:
    """Of the one rush that there is."""
    summary = run_load(cluster, LoadPlan(people=PEOPLE, kill_every_s=2.0), said.append)
    wait_until(cluster.is_whole)
    return summary


def test_all_who_press_play_at_once_are_matched_and_play_to_the_end_under_kills(
    summary: LoadReport, said: list[str]
) -> None:
    assert summary.wrong == []
    plain = summary.as_plain()
    assert (plain["matched"], plain["series_ended"]) == (PEOPLE, PEOPLE // 2)
    assert plain["games"] == plain["games_in_the_book"]
    assert summary.moves > PEOPLE
    assert summary.killed
    assert any(line.startswith("killing") for line in said)


@pytest.mark.parametrize("people", [-2, 0, 1, 3, 999])
def test_people_who_cannot_be_put_in_pairs_are_refused(people: int) -> None:
    with pytest.raises(InvalidArgument, match="even number"):
        LoadPlan(people=people)


@pytest.mark.usefixtures("summary")
def test_people_without_opponents_give_up_in_the_end(
    cluster: ClusterControl, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(worker, "STALLED_S", 0.0)
    lonely = LoadWorker(cluster.name_server)
    lonely.enter(["lonely"], str(tmp_path / "lonely"))
    (person,) = lonely.play()["people"]
    assert (person["room"], person["ended"], person["error"]) == ("", False, "")


@pytest.mark.usefixtures("summary")
def test_people_whose_opponents_are_gone_give_up_in_the_end(
    cluster: ClusterControl, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    left = LoadWorker(cluster.name_server)
    left.enter(["left"], str(tmp_path / "left"))
    with connect(cluster.name_server, deadline_s=PATIENCE_S) as connection, ThreadPoolExecutor(1) as pool:
        playing = pool.submit(left.play)
        room = connection.claim("gone").seek(SEEK_FILTER)
        assert room is not None
        monkeypatch.setattr(worker, "STALLED_S", 0.0)
        (person,) = playing.result()["people"]
    assert (person["room"], person["ended"], person["error"]) == (room.id, False, "")


def test_what_is_wrong_is_said(summary: LoadReport) -> None:
    first, *others = summary.people
    person = {**first, "room": "", "ended": False, "error": "busy: no place"}
    bad = replace(summary, people=[person, *others], archived=summary.archived + 1, left=["abcd"])
    name, room = first["name"], first["room"]
    assert room in {other["room"] for other in others}, "the opponent is still there"
    assert f"{name} found no match" in bad.wrong
    assert f"{name} did not see the series end" in bad.wrong
    assert f"{name}: busy: no place" in bad.wrong
    assert f"room {room} does not have two players" in bad.wrong
    assert "room abcd is open although both players left" in bad.wrong
    assert any("but the game archive has" in sentence for sentence in bad.wrong)
