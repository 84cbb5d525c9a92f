"""The sources of settings: the environment, and below it a ``.env`` file. Texts only, not yet values.

A file has nothing but settings. So any other name, and any line that cannot be read, is an error with its line number.
The environment also has the names of other programs. There, only a name that is almost a setting is an error.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping, Set
from pathlib import Path

_FOR_PROGRAMS = frozenset({"OWNER_PID", "TEST_FAULTS"})
"""Settings that only programs set. A name like them (OWNER_ID, OWNER_GID) belongs to another program."""


class SettingsError(Exception):
    """A setting has an invalid value. The message names the setting and its allowed values."""


def from_environment(environment: Mapping[str, str], known: Set[str]) -> dict[str, str]:
    """Return the settings that the environment has.

    Raises SettingsError for a name that is almost one of ``known`` and begins with the same word. The letters of that
    word may have another order. Names such as LOGLEVEL or PUBLIC_HOSTNAME belong to other programs.
    """
    typed = known - _FOR_PROGRAMS
    beginnings = {_first_word(name) for name in typed}
    for name in environment:
        if name not in known and _first_word(name) in beginnings:
            meant = nearest_setting(name, typed)
            if meant:
                raise SettingsError(f"the environment has {name}, which is not a setting; {meant} is one")
    return {name: environment[name] for name in known if name in environment}


def from_file(file: Path, known: Set[str]) -> dict[str, str]:
    """Return the settings that the file has; none if there is no file. Raises SettingsError."""
    text = _text_of(file)
    if not text:
        return {}
    from dotenv import dotenv_values  # slow to import, and not needed without a file
    from dotenv.parser import parse_stream

    for binding in parse_stream(io.StringIO(text)):
        where = f"{file.name}, line {binding.original.line}:"
        if binding.error or (binding.key is not None and binding.value is None):
            raise SettingsError(f"{where} a line must be NAME=VALUE, with every quote closed, or a # comment")
        if binding.key is not None and binding.key not in known:
            meant = nearest_setting(binding.key, known)
            hint = f"; {meant} is one" if meant else " (see .env.example)"
            raise SettingsError(f"{where} {binding.key} is not a setting{hint}")
    return {name: value or "" for name, value in dotenv_values(stream=io.StringIO(text)).items()}


def _text_of(file: Path) -> str:
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise SettingsError(f"{file.name} cannot be read: {error.strerror or error}") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"{file.name}, line {line}: not UTF-8; save the file as UTF-8") from None
    if "\0" in text:  # UTF-16 of ASCII letters is valid UTF-8, too
        raise SettingsError(f"{file.name} is not UTF-8; save the file as UTF-8")
    return text


def nearest_setting(name: str, known: Collection[str]) -> str:
    """Return the setting that differs from the name only by case or by one typing error; empty if there is none.

    A typing error is one letter too many, missing or wrong, or two neighbours swapped (Damerau 1964).
    """
    spelled = name.upper()
    return next((one for one in sorted(known) if one == spelled or _one_error_apart(one, spelled)), "")


def _one_error_apart(one: str, other: str) -> bool:
    if abs(len(one) - len(other)) > 1:
        return False
    same = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest, others = one[same:], other[same:]
    swapped = rest[:2] == others[1::-1] and rest[2:] == others[2:]
    return rest[1:] == others[1:] or rest[1:] == others or rest == others[1:] or (len(rest) > 1 and swapped)


def _first_word(name: str) -> str:
    """Return the letters of the first word, sorted and in capitals."""
    return "".join(sorted(name.partition("_")[0].upper()))
