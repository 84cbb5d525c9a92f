"""Settings: environment over file, and a wrong value is a clear error that names the setting."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.settings import Settings, SettingsError, as_environment, load


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def test_without_anything_the_defaults_count(file: Path) -> None:
    assert load(environment={}, file=file) == Settings()


def test_the_environment_counts_over_the_file(file: Path) -> None:
    file.write_text("MAIN_PORT=4001\nHANG_S=5\nDATA_FOLDER=/somewhere\n")
    settings = load(environment={"MAIN_PORT": "4002"}, file=file)
    assert (settings.main_port, settings.hang_s, settings.data_folder) == (4002, 5.0, "/somewhere")


def test_settings_survive_the_way_through_an_environment(file: Path) -> None:
    settings = Settings(main_port=4001, hang_s=3.5, data_folder="/x y", log_format="json")
    assert load(environment=as_environment(settings), file=file) == settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAIN_PORT", "x"),
        ("MAIN_PORT", "0"),
        ("MAIN_PORT", "70000"),
        ("MAIN_PORT", "1.5"),
        ("HANG_S", "soon"),
        ("HANG_S", "-1"),
        ("HANG_S", "nan"),
        ("HANG_S", "0.3"),
        ("HEARTBEAT_S", "0"),
        ("DURABILITY", "perhaps"),
        ("EVENT_LOOP", "gevent"),
        ("LOG_FORMAT", "xml"),
        ("LOG_LEVEL", "loud"),
        ("MAX_ROOMS", "0"),
        ("MAX_MESSAGE_BYTES", "10"),
        ("BIND_HOST", ""),
        ("AWAY_S", "1"),
        ("NAME_GRACE_S", "30"),
        ("KEEP_LOGS", "-2"),
    ],
)
def test_a_value_that_cannot_be_is_an_error_that_names_the_setting(file: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load(environment={name: value}, file=file)


def test_an_event_loop_that_is_not_installed_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(SettingsError, match="EVENT_LOOP is uvloop, which is not installed"):
        load({"EVENT_LOOP": "uvloop"}, file)
    assert load({"EVENT_LOOP": "auto"}, file).event_loop == "auto"
