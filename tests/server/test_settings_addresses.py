"""Settings that cannot be together: each sentence names what is missing, or both that are in each other's way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from server.settings import ROOT, Settings, SettingsError

LAN = "192.168.1.5"
EVERY = "0.0.0.0"  # noqa: S104  # nothing listens here
OPEN: dict[str, Any] = {"bind_host": EVERY, "public_host": LAN, "name_server_host": LAN}


# -- who can connect where --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"bind_host": EVERY, "name_server_host": LAN}, "set PUBLIC_HOST"),
        ({"bind_host": LAN, "name_server_host": LAN}, "set PUBLIC_HOST"),
        ({**OPEN, "public_host": "localhost"}, "set PUBLIC_HOST"),
        ({"public_host": LAN}, "set BIND_HOST"),
        ({"public_host": "games.example.org"}, "set BIND_HOST"),
        ({"main_host": LAN, "peer_bind_host": LAN}, "set BIND_HOST"),
        ({**OPEN, "name_server_host": "localhost"}, "set NAME_SERVER_HOST"),
        ({**OPEN, "main_host": LAN}, "set PEER_BIND_HOST"),
        ({"peer_bind_host": LAN}, "set MAIN_HOST"),
        ({**OPEN, "public_host": EVERY}, "PUBLIC_HOST must be an address"),
        ({"main_host": "::"}, "MAIN_HOST must be an address"),
        ({"name_server_host": "localhost:1337"}, "NAME_SERVER_HOST must be a name or an address"),
        ({"bind_host": "[::1]"}, "BIND_HOST must be a name or an address"),
        ({"bind_host": "fe80::1%eth0"}, "BIND_HOST must be a name or an address"),
        ({"bind_host": "::", "name_server_host": "2001:db8::7"}, "set PUBLIC_HOST"),
    ],
)
def test_an_address_where_nobody_could_connect_is_an_error_that_names_what_to_set(
    changes: dict[str, Any], missing: str
) -> None:
    with pytest.raises(SettingsError, match=missing):
        Settings(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        OPEN,
        {**OPEN, "bind_host": LAN},
        {**OPEN, "name_server_host": EVERY},
        {**OPEN, "public_host": "games.example.org"},
        {
            **OPEN,
            "peer_bind_host": EVERY,
            "main_host": LAN,
            "replication_host": LAN,
            "communication_host": "10.0.0.9",
        },
        {"bind_host": "127.0.0.1", "main_host": "127.0.0.2", "name_server_host": "127.0.0.2"},
        {"metrics_host": EVERY},
        {"bind_host": "::", "name_server_host": "2001:db8::7", "public_host": "2001:db8::7"},
        {"bind_host": "::1", "main_host": "::1", "public_host": "::1"},
    ],
)
def test_addresses_that_lead_somewhere_are_taken(changes: dict[str, Any]) -> None:
    Settings(**changes)


# -- ports ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"main_port": 13372}, ("MAIN_PORT", "COMMUNICATION_PORT")),
        ({"main_peer_port": 13371}, ("MAIN_PORT", "MAIN_PEER_PORT")),
        ({"replication_metrics_port": 13383}, ("REPLICATION_PEER_PORT", "REPLICATION_METRICS_PORT")),
        ({"name_server_port": 13371}, ("NAME_SERVER_PORT", "MAIN_PORT")),
        ({**OPEN, "main_port": 13381}, ("MAIN_PORT", "MAIN_PEER_PORT")),
    ],
)
def test_two_who_listen_on_one_port_are_an_error_that_names_both(
    changes: dict[str, Any], names: tuple[str, str]
) -> None:
    with pytest.raises(SettingsError, match=r"{} and {} are both \d+".format(*names)):
        Settings(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"main_metrics_port": 0, "communication_metrics_port": 0},
        {
            **OPEN,
            "peer_bind_host": EVERY,
            "main_host": LAN,
            "replication_host": LAN,
            "communication_host": "games.example.org",
            "communication_port": 13371,
        },
        {**OPEN, "bind_host": LAN, "main_port": 13381},
    ],
)
def test_the_same_number_on_another_machine_or_address_is_no_error(changes: dict[str, Any]) -> None:
    Settings(**changes)


# -- the data folder --------------------------------------------------------------------------------------------------


def test_the_data_folder_may_begin_with_the_users_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Settings(data_folder="~/games").data == tmp_path / "games"
    assert Settings(data_folder="games").data == ROOT / "games"


def test_the_home_of_nobody_is_an_error() -> None:
    with pytest.raises(SettingsError, match="home of no user"):
        Settings(data_folder="~no-such-user/games").data  # noqa: B018


@pytest.mark.parametrize("folder", ["$HOME/games", "${HOME}/games"])
def test_a_data_folder_with_a_variable_is_an_error(folder: str) -> None:
    with pytest.raises(SettingsError, match="not replaced"):
        Settings(data_folder=folder)
