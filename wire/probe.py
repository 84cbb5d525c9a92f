"""A probe of an address, for a clear error: is there nothing, a web server, a program that does not answer?

Call it only after a call to that address has failed. A name server or server of ours receives less than a message here,
so the connection ends without effect. Uses no library.
"""

from __future__ import annotations

import socket
from typing import Literal

_REQUEST = b"GET / HTTP/1.0\r\n\r\n"
_LONGEST = 64
_WEB = b"HTTP/"

Found = Literal["nothing", "unresolved", "no host", "silent", "closes", "web", "other"]
"""The result of a probe.

- ``nothing``: no program listens there.
- ``unresolved``: the host name has no address.
- ``no host``: the host cannot be reached.
- ``silent``: a program accepts connections and does not answer.
- ``closes``: it closes them.
- ``web``: a web server answers.
- ``other``: some other program answers."""


def probe(address: tuple[str, int], *, timeout_s: float) -> Found:
    """Connect, send the shortest HTTP request, and judge the start of the answer.

    Each step takes at most ``timeout_s`` seconds.
    """
    try:
        connection = socket.create_connection(address, timeout_s)
    except ConnectionRefusedError:
        return "nothing"
    except (socket.gaierror, UnicodeError):
        return "unresolved"
    except OSError:
        return "no host"
    with connection:
        try:
            connection.sendall(_REQUEST)
            answer = connection.recv(_LONGEST)
        except TimeoutError:
            return "silent"
        except OSError:
            return "closes"
    if not answer:
        return "closes"
    return "web" if answer.startswith(_WEB) else "other"
