"""This machine: its addresses, and an id that two processes share only when both use the same locks.

The main server and the replication server run on one machine. Two things keep an old main server from continuing beside
the next one: the lock of the role, which only one process can hold, and SIGKILL.
"""

from __future__ import annotations

import functools
import hashlib
import platform
import socket
import sys
from pathlib import Path

import psutil

from server.settings import Settings, SettingsError
from server.settings_addresses import is_every_address, is_loopback
from wire import MAIN, REPLICATION

_PID_NAMESPACE = Path("/proc/self/ns/pid")


def is_here(host: str) -> bool:
    """Whether every address of this host is an address of this machine. A name is resolved."""
    if is_loopback(host) or is_every_address(host):
        return True
    try:
        found = {str(address[0]).partition("%")[0] for *_, address in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError):
        return False
    own = {one.address.partition("%")[0] for ones in psutil.net_if_addrs().values() for one in ones}
    return all(address in own or is_loopback(address) for address in found)


def check_one_machine(settings: Settings) -> None:
    """Raises SettingsError unless main and replication server are both on this machine."""
    for role, name in ((MAIN, "MAIN_HOST"), (REPLICATION, "REPLICATION_HOST")):
        host = settings.host_of(role)
        if not is_here(host):
            raise SettingsError(
                f"{name} {host} is no address of this machine. The main server and the replication server run on one"
                " machine: set MAIN_HOST and REPLICATION_HOST to addresses of it. Clients and the communication server"
                " may be on other machines"
            )


def machine_id(folder: Path) -> str:
    """Return the id of this machine and of the folder with its locks.

    It is the same for two processes only if both use the same locks and can end one another. A copy of the folder has
    another id, and so has a container with its own process namespace.
    """
    status = folder.stat()
    where = (this_boot() or platform.node(), _pid_namespace(), status.st_dev, status.st_ino)
    return hashlib.sha256(repr(where).encode()).hexdigest()[:32]


@functools.cache
def this_boot() -> str:
    """Return the id of this boot of this system; empty where the system has none."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip() if sys.platform == "linux" else ""


def _pid_namespace() -> str:
    """Return the process namespace of this process; empty where the system has none."""
    return str(_PID_NAMESPACE.readlink()) if _PID_NAMESPACE.exists() else ""
