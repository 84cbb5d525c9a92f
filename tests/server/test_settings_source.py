"""Where settings come from: what is in a file is a setting or an error with its line, what is nearly one is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.settings import ROOT, SettingsError, load, settings_and_defaults
from server.settings_source import from_environment

KNOWN = settings_and_defaults().keys()
FOREIGN = """
    HOME HOST HOSTNAME PORT USER PATH PWD LANG SHELL TERM DISPLAY XDG_RUNTIME_DIR DATA_DIR DATA_HOME
    DATABASE_URL LOGNAME LOGLEVEL LOG_DIR LOG_FILE LOG_PATH LOG_LEVELS_FILE PUBLIC_HOSTNAME PUBLIC_URL PUBLIC_IP
    PUBLIC_KEY BIND_ADDRESS BIND_PORT BIND_ADDR METRICS_PORT METRICS_ADDR METRICS_ENABLED NAME NAME_SERVERS
    NAMESERVER MAIN_CLASS MAIN_BRANCH MAIN_SERVICE_HOST MAIN_SERVICE_PORT MAIN_PORT_80_TCP REPLICATION_USER
    REPLICATION_MODE REPLICATION_SERVICE_HOST COMMUNICATION_URL CLUSTER_NAME CLUSTER_ID CLUSTER_KEY_FILE OWNER
    OWNER_ID OWNER_UID PEER PEER_ID MAX_JOBS MAX_WORKERS MAX_OLD_SPACE_SIZE KEEP_ALIVE KEEP_RELEASES START_TIME
    START_DATE TEST_DATABASE_URL TEST_ENV TEST_FAULT_RATE IDLE_TIMEOUT ROOM_ID SNAPSHOT_ID HANG_TIMEOUT AWAY
    DURABLE RECOVERY_MODE APPEND_PATH PYTHONPATH VIRTUAL_ENV http_proxy no_proxy npm_config_cache
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / ".env"


# -- the environment ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("NAME_SERVER_PROT", "NAME_SERVER_PORT"),
        ("MIAN_PORT", "MAIN_PORT"),
        ("MAIN_PROT", "MAIN_PORT"),
        ("MAIN_PORTS", "MAIN_PORT"),
        ("DATA_FOLDR", "DATA_FOLDER"),
        ("LOG_LEVAL", "LOG_LEVEL"),
        ("hang_s", "HANG_S"),
    ],
)
def test_a_name_in_the_environment_that_is_nearly_a_setting_is_an_error_that_names_both(name: str, meant: str) -> None:
    with pytest.raises(SettingsError, match=f"{name}.*{meant}"):
        from_environment({name: "1"}, KNOWN)


def test_what_other_programs_have_in_the_environment_is_theirs() -> None:
    theirs = dict.fromkeys(FOREIGN.split(), "something")
    assert from_environment({**theirs, "MAIN_PORT": "4001"}, KNOWN) == {"MAIN_PORT": "4001"}


def test_every_setting_with_two_letters_swapped_is_refused() -> None:
    for name in KNOWN - {"OWNER_PID", "TEST_FAULTS"}:
        swapped = name[:-2] + name[-1] + name[-2]
        if swapped != name and "_" not in name[-2:]:
            with pytest.raises(SettingsError, match=name):
                from_environment({swapped: "1"}, KNOWN)


# -- the file -------------------------------------------------------------------------------------------------------


def test_a_name_that_is_no_setting_is_an_error_with_its_line(file: Path) -> None:
    file.write_text("# ports\nMIAN_PORT=4001\n")
    with pytest.raises(SettingsError, match=r"line 2: MIAN_PORT .*MAIN_PORT"):
        load(environment={}, file=file)
    file.write_text("COLOUR=red\n")
    with pytest.raises(SettingsError, match=r"line 1: COLOUR .*\.env\.example"):
        load(environment={}, file=file)


@pytest.mark.parametrize(
    "line", ["MAIN_PORT: 20001", 'DATA_FOLDER="/games', "DATA_FOLDER='/games", "MAIN_PORT", "=3", "main port is 3"]
)
def test_a_line_that_is_no_setting_is_an_error_with_its_number(file: Path, line: str) -> None:
    file.write_text(f"HANG_S=5\n{line}\nMAX_ROOMS=7\n")
    with pytest.raises(SettingsError, match=r"\.env, line 2: .*NAME=VALUE"):
        load(environment={}, file=file)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_a_file_that_is_not_utf_8_is_an_error_that_says_so(file: Path, encoding: str) -> None:
    file.write_text("HANG_S=5\n# für alle\n", encoding=encoding)
    with pytest.raises(SettingsError, match="UTF-8"):
        load(environment={}, file=file)


def test_a_byte_order_mark_does_no_harm(file: Path) -> None:
    file.write_text("MAIN_PORT=4001\n", encoding="utf-8-sig")
    assert load(environment={}, file=file).main_port == 4001


def test_a_file_that_cannot_be_read_is_an_error(file: Path) -> None:
    file.mkdir()
    with pytest.raises(SettingsError, match=r"\.env cannot be read"):
        load(environment={}, file=file)


def test_what_is_explained_can_be_read_as_it_is(file: Path) -> None:
    """Every line of the example with its comment sign taken away is a file of settings at their defaults."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    file.write_text("\n".join(line[2:] for line in lines if line.startswith("# ") and "=" in line.split(" ")[1]))
    assert load(environment={}, file=file) == load(environment={}, file=file.with_name("none"))
