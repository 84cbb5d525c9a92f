"""The command line of a server script: it accepts only a request for help.

All settings come from the environment. This module imports almost nothing, because every server that starts in a
takeover runs it.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence

BAD_ARGUMENTS = 2
"""Exit status for an argument that the script does not have."""
_HELP = ("-h", "--help")


def check(role: str, arguments: Sequence[str]) -> None:
    """Return if there are no arguments. Otherwise exit: with status 0 after the help, else with BAD_ARGUMENTS."""
    if not arguments:
        return
    script = f"python server/{role}.py"
    if len(arguments) == 1 and arguments[0] in _HELP:
        with contextlib.suppress(BrokenPipeError):  # for example "--help | head"
            print(_help(script, role), flush=True)
        os._exit(0)
    unknown = next((one for one in arguments if one not in _HELP), arguments[0])
    sys.stderr.write(
        f"{script} has no argument {unknown}: its settings come from the environment and .env; see {script} --help\n"
    )
    sys.exit(BAD_ARGUMENTS)


def _help(script: str, role: str) -> str:
    import textwrap

    from server.settings import settings_and_defaults

    names = ", ".join(f"{name}={value}" for name, value in settings_and_defaults().items())
    settings = textwrap.fill(names, 100, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
    return f"""\
Usage: {script}

Run the {role.replace("_", " ")} in this terminal until Ctrl-C; the other servers start it again then. For all
four in the background: python tictactoe.py cluster start (stop, status, drain, upgrade, kill).

Settings, by environment variables or in the file .env, with their defaults; .env.example explains each:
{settings}

Exit status:
  0  ended in good order
  1  ended at once: another main server is the primary, or there was a fault; the log has the reason
  {BAD_ARGUMENTS}  an argument that does not exist
  3  a server of this role runs already
  4  cannot start: the settings, the data folder or a port cannot be used"""
