"""What the windows remember between two starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from client.desktop.model.base.local_servers import same_server
from client.desktop.model.base.preferences import KEPT, Preferences
from client.desktop.model.base.window_lock import SignIn


def test_who_one_was_where_is_remembered_the_latest_first(tmp_path: Path) -> None:
    file = tmp_path / "sub" / "window.json"
    preferences = Preferences(file)
    assert (preferences.recent, preferences.theme) == ((), "light")
    for server, name in (("one:1", "ada"), ("two:2", "bob"), ("one:1", "eve"), ("one:1", "ada")):
        preferences.remember(SignIn(server, name))
    again = Preferences(file)
    assert again.recent == (SignIn("one:1", "ada"), SignIn("one:1", "eve"), SignIn("two:2", "bob"))
    assert again.servers == ["one:1", "two:2"]
    preferences.release_name()
    assert again.name_on("two:2") == "bob"
    assert again.name_on("elsewhere:1") == "ada", "the last name anywhere"


def test_a_name_that_another_window_uses_is_not_offered(tmp_path: Path) -> None:
    file = tmp_path / "window.json"
    first = Preferences(file)
    first.remember(SignIn("one:1", "bob"))
    first.remember(SignIn("one:1", "ada"))
    second = Preferences(file)
    assert second.name_on("one:1") == "bob", "ada is in the first window"
    second.remember(SignIn("one:1", "bob"))
    assert Preferences(file).name_on("one:1") == ""
    assert Preferences(file).name_on("two:2") == "bob", "there they may be the same"
    first.release_name()
    assert Preferences(file).name_on("one:1") == "ada"


def test_it_is_bounded(tmp_path: Path) -> None:
    preferences = Preferences(tmp_path / "window.json")
    for number in range(KEPT + 3):
        preferences.remember(SignIn(f"server:{number}", "ada"))
    assert len(Preferences(tmp_path / "window.json").recent) == KEPT


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "[" * 100_000,
        '{"recent": 7, "theme": 3}',
        '{"recent": [{"server": 1, "name": "ada"}, 2, {}]}',
        '{"recent": [{"server": "one:1", "name": "\\ud800"}, {"server": "a\\u202eb", "name": "ada"}]}',
        '{"recent": [{"server": "one:1", "name": "' + 1000 * "a" + '"}], "muted": ["\\ud800", 7]}',
    ],
)
def test_a_broken_file_costs_the_memory_not_the_game(tmp_path: Path, text: str) -> None:
    file = tmp_path / "window.json"
    file.write_text(text)
    preferences = Preferences(file)
    assert (preferences.recent, preferences.muted, preferences.theme) == ((), (), "light")
    assert preferences.name_on("one:1") == ""
    preferences.use_theme("dark")
    assert Preferences(file).theme == "dark"


def test_a_folder_that_cannot_be_written_costs_the_memory_not_the_game(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    preferences = Preferences(tmp_path / "file" / "window.json")
    preferences.remember(SignIn("one:1", "ada"))
    assert preferences.name_on("one:1") == "ada"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("localhost:1337", "127.0.0.1:1337", True),
        ("localhost", "localhost:1337", True),
        ("Games.example:1337", "games.example", True),
        ("localhost:1337", "localhost:1338", False),
        ("games.example:1337", "localhost:1337", False),
    ],
)
def test_which_texts_mean_the_same_server(one: str, other: str, same: bool) -> None:
    assert same_server(one, other) is same
