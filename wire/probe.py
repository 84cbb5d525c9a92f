"""What answers at an address, for a clear error: nothing, a web server, something that stays silent. One question, no
library.

Called when a call to an address has failed, never before one. What a name server or one of our servers receives here is
too short to be a message, so the connection ends without effect.
"""

from __future__ import annotations

import socket
from typing import Literal

_REQUEST = b"GET / HTTP/1.0\r\n\r\n"
_LONGEST = 64
_WEB = b"HTTP/"

Found = Literal["nothing", "unresolved", "no host", "silent", "closes", "web", "other"]
"""``nothing`` listens there; the name of the host is ``unresolved``; ``no host`` answers at all; something accepts
connections and is ``silent``, or ``closes`` them; a ``web`` server answers, or some ``other`` program."""


def probe(address: tuple[str, int], *, timeout_s: float) -> Found:
    """Connect, send the shortest request of the web, and look at how the answer begins. Each step may take
    ``timeout_s`` seconds.
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
