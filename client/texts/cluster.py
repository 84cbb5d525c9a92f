"""Texts of the cluster view."""

from __future__ import annotations

from collections.abc import Mapping

from client.texts.phrases import Caption, ago, sentence
from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION

TITLES: Mapping[str, str] = {
    NAME_SERVER: "Name server",
    MAIN: "Main server",
    COMMUNICATION: "Communication server",
    REPLICATION: "Replication server",
}
DUTIES: Mapping[str, str] = {
    NAME_SERVER: "Has the addresses of the three servers.",
    MAIN: "Has the rooms, decides every move, writes the log.",
    COMMUNICATION: "The front door: usernames, lobby, addresses of rooms.",
    REPLICATION: "Has a copy of the log, and restarts the other servers.",
}
SYNC_STATES: Mapping[str, str] = {"in step": "in sync"}
"""Texts for the replica's states, where the name on the wire is older than the glossary."""
ARROWS = ("names, lobby", "every move", "restarts")
"""Along the lines communication–main, main–replication, replication–communication."""
TAKEOVERS = "Recent takeovers"
NO_TAKEOVER = "None yet."
TRY_A_KILL = "Kill a server: the others restart it, and the games continue."


def kill(role: str) -> Caption:
    """Return the button that kills a server."""
    return Caption("Kill", f"{DUTIES[role]} Kill it with SIGKILL, as in a crash.")


def killed(role: str, pid: int) -> str:
    """Return that a server was killed."""
    return f"Killed the {TITLES[role].lower()}, pid {pid}."


def facts(*, pid: int | None, up_s: float | None, epoch: int | None, rooms: int | None) -> list[str]:
    """Return what is known of a running server, each fact in a few words."""
    known = {
        f"pid {pid}": pid,
        f"up {ago(max(0.0, up_s or 0.0))}": up_s,
        f"epoch {epoch}": epoch,
        f"{rooms} room{'' if rooms == 1 else 's'}": rooms,
    }
    return [fact for fact, value in known.items() if value is not None]


def takeover(role: str, *, ago_s: float, took_s: float) -> str:
    """Return which server was replaced, how fast and when."""
    return f"{TITLES[role]} replaced in {ago(took_s)}, {ago(max(0.0, ago_s))} ago"


def unknown(reason: str) -> str:
    """Return why the servers' states are unknown."""
    return f"The servers' states are unknown: {sentence(reason)}"
