"""The RPC itself: the one module that imports Pyro4.

Lives here: calling a remote object (``Remote``, ``RemotePool``), offering objects (``Endpoint``) and the name server
(``look_up``, ``register``). Everything that the rest of the project knows of the RPC library is in these names. What
never lives here: retries (they carry a request id and so belong to the caller) and what the objects mean.

Only ``serpent`` (anybody) and ``msgpack`` (our own client and servers) are accepted; no code can come over the wire.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import socket
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

import msgpack
import Pyro4
import Pyro4.core
import Pyro4.errors
import Pyro4.message
import Pyro4.naming
import Pyro4.socketutil
import Pyro4.util
import serpent
from Pyro4.socketserver import threadpoolserver as library_server

from game.errors import InvalidArgument, NoSuchRoom
from wire import PROTOCOL_VERSION
from wire.door import Door, Guest
from wire.errors import (
    Busy,
    DeadlineExceeded,
    Forbidden,
    ProtocolMismatch,
    TicTacToeError,
    TooLarge,
    Unreachable,
    error_from,
)
from wire.incoming import LARGEST_CALL, SERPENT, Incoming, RefusedMessage

logger = logging.getLogger(__name__)

Method = TypeVar("Method", bound=Callable[..., Any])

ACCEPT_PAUSE_S = 0.2
"""How often an endpoint's accept loop comes round when nobody connects; ``Endpoint.idle_s`` is told by it."""

ACCEPT_AGAIN_S = 0.005
BACKLOG = 1024
MOST_LEAVING = 64
"""How many of those that were turned away are kept open, so that they can read why."""

_PIECE = 4096
_NO_ROOM = "no free workers"
_REJECTED_PROTOCOL = "protocol_mismatch"
_UNKNOWN_OBJECT = "unknown object"


class Address(NamedTuple):
    """Where a server listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def configure(*, largest_message: int, connections: int, idle_s: float) -> None:
    """Set this process's limits: bytes a message, connections an endpoint, seconds an idle connection is kept.

    A client's call may be LARGEST_CALL bytes or that many, whichever is less.

    Call it once, before the first Endpoint or Remote. A process that never calls it has the defaults set below.
    """
    config = Pyro4.config
    config.MAX_MESSAGE_SIZE = largest_message
    config.THREADPOOL_SIZE = connections
    config.COMMTIMEOUT = idle_s


def _configure_always() -> None:
    config = Pyro4.config
    config.SERIALIZER = "msgpack"
    config.SERIALIZERS_ACCEPTED = {"serpent", "msgpack"}
    config.SOCK_NODELAY = True
    config.MAX_RETRIES = 0  # a slow call would be run again by the library: retries are ours
    config.REQUIRE_EXPOSE = True
    config.ONEWAY_THREADED = False  # a caller could start threads without limit
    config.ITER_STREAMING = False
    config.AUTOPROXY = False
    config.DETAILED_TRACEBACK = False
    config.POLLTIMEOUT = ACCEPT_PAUSE_S
    configure(largest_message=1 << 20, connections=64, idle_s=60.0)


_configure_always()


def _forget_other_serializers() -> None:
    """Leave only the two accepted ones: an answer names its own serializer, and pickle runs code on whoever reads it.

    What the library has to say before it knows its caller's serializer it would say in marshal: here in serpent.
    """
    util = Pyro4.util
    for name in [name for name in util._serializers if name not in ("serpent", "msgpack")]:
        del util._serializers_by_id[util._serializers.pop(name).serializer_id]
    util.MarshalSerializer.serializer_id = SERPENT


_forget_other_serializers()


class Remote:
    """One connection to one remote object, made at the first call and again after a break; for one thread at a time."""

    def __init__(self, address: Address, name: str, *, key: bytes | None = None, serializer: str = "msgpack") -> None:
        self.address = address
        self._proxy = Pyro4.Proxy(f"PYRO:{name}@{address.host}:{address.port}")
        self._proxy._pyroSerializer = serializer
        self._proxy._pyroHandshake = {"protocol": PROTOCOL_VERSION}
        if key is not None:
            self._proxy._pyroHmacKey = key
        self._timeout_s: float | None = None

    def call(self, method: str, *arguments: object, timeout_s: float) -> Any:
        """Call once and return the answer, waiting at most ``timeout_s`` for connection and each piece of the answer.

        Raises the error that the method raised, or Unreachable, DeadlineExceeded, Busy, TooLarge, Forbidden,
        ProtocolMismatch. After Unreachable and DeadlineExceeded it is not known whether the call was carried out.
        """
        if timeout_s != self._timeout_s:
            self._proxy._pyroTimeout = self._timeout_s = timeout_s
        try:
            return self._proxy._pyroInvoke(method, arguments, {})
        except Exception as error:
            raise self._translated(error) from None
        finally:
            # The library keeps the annotations of an answer for the thread, and a server's thread would send them (a
            # peer's signature, say) along with its own next answer.
            Pyro4.current_context.response_annotations = {}

    def close(self) -> None:
        """Close the connection; the next call opens a new one."""
        self._proxy._pyroRelease()

    def _translated(self, error: Exception) -> Exception:
        """What an exception of the library means in our family; others stay what they are."""
        code = getattr(error, "code", None)
        if isinstance(error, RuntimeError) and isinstance(code, str):
            return error_from(code, str(error))
        if isinstance(error, Pyro4.errors.TimeoutError):
            return DeadlineExceeded(f"{self.address} did not answer within {self._timeout_s:g} s")
        if isinstance(error, Pyro4.errors.MessageTooLargeError):
            return TooLarge("the message is larger than the limit")
        if isinstance(error, Pyro4.errors.SecurityError):
            return Forbidden(f"{self.address} does not accept this cluster key")
        if isinstance(error, Pyro4.errors.SerializeError):
            return InvalidArgument("a value of that type cannot be sent")
        if isinstance(error, (Pyro4.errors.CommunicationError, OSError)):
            return self._refused_connection(str(error))
        if isinstance(error, (TypeError, ValueError, OverflowError, RecursionError)):
            return InvalidArgument("a value cannot be sent as it is")
        return error

    def _refused_connection(self, sentence: str) -> TicTacToeError:
        if _NO_ROOM in sentence:
            return Busy(f"{self.address} has no room for another connection")
        if _UNKNOWN_OBJECT in sentence:
            return NoSuchRoom("there is no such object there (any more)")
        if _REJECTED_PROTOCOL in sentence:
            return ProtocolMismatch(sentence.rpartition(_REJECTED_PROTOCOL)[2].lstrip(": "))
        if "hmac" in sentence:
            return Forbidden(f"{self.address} does not accept this cluster key")
        return Unreachable(f"{self.address} does not answer")


class RemotePool:
    """Connections to one remote object for many threads: each call borrows one; at most ``most`` are kept open."""

    def __init__(self, address: Address, name: str, *, key: bytes | None = None, most: int = 8) -> None:
        self._idle: queue.LifoQueue[Remote | None] = queue.LifoQueue()
        self._new: Callable[[], Remote] = lambda: Remote(address, name, key=key)
        for _ in range(most):
            self._idle.put(None)

    def call(self, method: str, *arguments: object, timeout_s: float) -> Any:
        """Like ``Remote.call``, with the wait for a free connection included; raises Busy when none becomes free."""
        try:
            borrowed = self._idle.get(timeout=timeout_s)
        except queue.Empty:
            raise Busy("all connections to another server are in use") from None
        remote = borrowed or self._new()
        try:
            return remote.call(method, *arguments, timeout_s=timeout_s)
        finally:
            self._idle.put(remote)


def _expose(method: Method) -> Method:
    exposed: Method = Pyro4.expose(method)
    return exposed


class _DaemonObject:
    """What the library itself needs of an endpoint; its own version would list every object to anybody."""

    def __init__(self, daemon: Pyro4.Daemon) -> None:
        self._daemon = daemon

    @_expose
    def get_metadata(self, object_id: object, as_lists: bool = False) -> dict[str, list[str]]:
        found = self._daemon.objectsById.get(object_id) if isinstance(object_id, str) else None
        if found is None:
            raise Pyro4.errors.DaemonError(_UNKNOWN_OBJECT)
        metadata: dict[str, list[str]] = Pyro4.util.get_exposed_members(found, as_lists=as_lists)
        return metadata

    @_expose
    def ping(self) -> None:
        """Answer, and so show that this endpoint takes connections."""


class _Daemon(Pyro4.Daemon):  # type: ignore[misc]  # the library has no types
    """A daemon that checks the protocol's version and lets no traceback, path or foreign exception out."""

    def __init__(self, bind: Address, key: bytes | None, most_of_host: int | None) -> None:
        config = Pyro4.config
        self._largest = config.MAX_MESSAGE_SIZE if key else min(config.MAX_MESSAGE_SIZE, LARGEST_CALL)
        most = config.THREADPOOL_SIZE
        self.door = Door(most=most, most_of_host=most if most_of_host is None else most_of_host)
        super().__init__(host=bind.host, port=bind.port, interface=_DaemonObject)
        self._pyroHmacKey = key

    def incoming(self, sock: socket.socket) -> Incoming:
        """How a connection that was just taken is read."""
        config = Pyro4.config
        return Incoming(sock, largest=self._largest, skipped=config.MAX_MESSAGE_SIZE, idle_s=config.COMMTIMEOUT)

    @property
    def no_room(self) -> bytes:
        """What somebody is told for whom there is no room."""
        message = Pyro4.message
        sentence, _ = Pyro4.util.get_serializer_by_id(SERPENT).serializeData(_NO_ROOM)
        told = message.Message(message.MSG_CONNECTFAIL, sentence, SERPENT, 0, 0, hmac_key=self._pyroHmacKey)
        said: bytes = told.to_bytes()
        return said

    def handleRequest(self, conn: _Connection) -> None:  # noqa: N802  # the library's name
        try:
            super().handleRequest(conn)
        except RefusedMessage as refused:
            self._sendExceptionResponse(conn, refused.sequence, refused.serializer, refused.error, None)

    def validateHandshake(self, conn: object, data: object) -> str:  # noqa: ARG002, N802  # the library's name
        spoken = data.get("protocol", PROTOCOL_VERSION) if isinstance(data, dict) else PROTOCOL_VERSION
        if spoken != PROTOCOL_VERSION:
            raise ProtocolMismatch(f"{_REJECTED_PROTOCOL}: this server speaks version {PROTOCOL_VERSION}")
        return "hello"


def _for_the_wire(error: BaseException) -> dict[str, object]:
    """An exception as it leaves this process: a builtin one with a code and a sentence, which any client can read.

    No traceback, path or foreign class gets out this way.
    """
    ours: TicTacToeError
    if isinstance(error, TicTacToeError):
        ours = error
    elif isinstance(error, Pyro4.errors.DaemonError):
        ours = NoSuchRoom("there is no such object here (any more)")
    elif isinstance(error, AttributeError):
        ours = InvalidArgument("there is no such remote method")
    else:  # what our methods raise is of our family (see ``arguments.remote``): the library could not read the call
        ours = InvalidArgument("the message cannot be read")
    return {
        "__class__": "builtins.RuntimeError",
        "__exception__": True,
        "args": [ours.message],
        "attributes": {"code": ours.code},
    }


Pyro4.util.SerializerBase.register_class_to_dict(BaseException, _for_the_wire)


def _refuse_compressed(name: str) -> None:
    """Make the library refuse what is compressed: a small message could expand beyond any limit."""
    original = getattr(Pyro4.util.SerializerBase, name)

    def plain_only(self: object, data: bytes, compressed: object = False) -> object:
        if compressed:
            raise Pyro4.errors.ProtocolError("compressed messages are not accepted")
        return original(self, data)

    setattr(Pyro4.util.SerializerBase, name, plain_only)


_refuse_compressed("deserializeData")
_refuse_compressed("deserializeCall")


for _category in (SyntaxWarning, DeprecationWarning):  # which of the two it is depends on Python's version
    warnings.filterwarnings("ignore", "invalid ", _category)  # about callers' texts: they would fill the log

_reading_text = threading.Lock()
"""Held while a serpent text is read: its parser lets no other thread run anyway, and so only one at a time takes the
memory it needs, which is hundreds of times the text's size."""


def _plain_text(_: object, data: bytes) -> Any:
    with _reading_text:
        return serpent.loads(data)


def _plain_msgpack(_: object, data: bytes) -> Any:
    return msgpack.unpackb(data, raw=False)


# What a call brings stays plain values. The library would make objects of dictionaries that name a class: proxies that
# connect to wherever the caller says, exceptions, daemons.
Pyro4.util.SerpentSerializer.loadsCall = _plain_text
Pyro4.util.MsgpackSerializer.loadsCall = _plain_msgpack

_make_exception = Pyro4.util.SerializerBase.make_exception


def _make_error(kind: type[BaseException], data: dict[str, Any]) -> BaseException:
    """An answer's exception; never one that ends a thread or a process (SystemExit), whoever answers."""
    if not issubclass(kind, Exception):
        raise Pyro4.errors.SerializeError("an answer must not end its caller")
    made: BaseException = _make_exception(kind, data)
    return made


Pyro4.util.SerializerBase.make_exception = staticmethod(_make_error)


class _Connection(Pyro4.socketutil.SocketConnection):  # type: ignore[misc]  # the library has no types
    """A caller's connection as the library knows it, read and written with the limits of ``incoming``."""

    def __init__(self, sock: socket.socket, incoming: Incoming) -> None:
        super().__init__(sock)
        self.incoming = incoming

    def recv(self, size: int) -> bytes:
        try:
            return self.incoming.read(size)
        except OSError as error:
            raise Pyro4.errors.ConnectionClosedError(f"receiving: {error}") from None

    def send(self, data: bytes) -> None:
        try:
            self.incoming.write(data)
        except OSError as error:
            raise Pyro4.errors.ConnectionClosedError(f"sending: {error}") from None


class _Visit(library_server.ClientConnectionJob):  # type: ignore[misc]  # the library has no types
    """All that happens on one connection, from handshake to end, in a thread of its own."""

    def __init__(self, sock: socket.socket, guest: Guest, daemon: _Daemon) -> None:
        self.csock = _Connection(sock, daemon.incoming(sock))
        self.caddr = guest.host
        self.daemon = daemon
        self.guest = guest

    def __call__(self) -> None:
        try:
            super().__call__()
        finally:
            self.daemon.door.left(self.guest)

    def handleConnection(self) -> bool:  # noqa: N802  # the library's name
        shaken: bool = super().handleConnection()
        if shaken:
            self.daemon.door.shaken(self.guest)
            self.csock.incoming.shaken()
        return shaken


class _Transport(library_server.SocketServer_Threadpool):  # type: ignore[misc]  # the library has no types
    """Takes connections. Nothing here ever waits for a caller, nor ends for want of threads or descriptors.

    The library's own would read the handshake of whom it has to turn away in the thread that takes connections, for as
    long as that says nothing, and end the server if it was gone by then.
    """

    def init(self, daemon: _Daemon, host: str, port: int, unixsocket: object = None) -> None:
        super().init(daemon, host, port, unixsocket)
        self.sock.settimeout(0)
        self.sock.listen(BACKLOG)  # after a takeover all clients come at once
        self._leaving: deque[socket.socket] = deque()

    def events(self, eventsockets: object) -> None:  # noqa: ARG002  # the library's signature
        if not self._selector.select(ACCEPT_PAUSE_S):
            return
        if not self.daemon.door.is_open(time.monotonic()):
            time.sleep(ACCEPT_AGAIN_S)
            return
        try:
            sock, address = self.sock.accept()
        except BlockingIOError:
            return  # it is gone again
        except OSError as error:
            logger.warning("a connection cannot be taken: %s", error.strerror or error)
            time.sleep(ACCEPT_PAUSE_S)
            return
        if self.shutting_down:
            sock.close()
            return
        self._let_in(sock, str(address[0]))

    def _let_in(self, sock: socket.socket, host: str) -> None:
        guest, goes = self.daemon.door.enter(sock, host, time.monotonic())
        if goes is not None:
            with contextlib.suppress(OSError):
                goes.connection.shutdown(socket.SHUT_RDWR)  # its thread closes it
        if guest is not None:
            visit = _Visit(sock, guest, self.daemon)
            try:
                self.pool.process(visit)
            except (library_server.NoFreeWorkersError, RuntimeError):  # there are no more threads to be had
                self.daemon.door.left(guest)
                visit.csock.keep_open = True  # it goes, and the socket is still needed
            else:
                return
        self._turn_away(sock)

    def _turn_away(self, sock: socket.socket) -> None:
        """Say that there is no room. It is closed later: at once would break it before the other side has read that."""
        try:
            sock.settimeout(0)
            with contextlib.suppress(BlockingIOError):
                sock.recv(_PIECE)
            sock.send(self.daemon.no_room)
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            sock.close()
            return
        self._leaving.append(sock)
        if len(self._leaving) > MOST_LEAVING:
            self._leaving.popleft().close()


library_server.SocketServer_Threadpool = _Transport


class Endpoint:
    """A port on which objects are offered; with a key, only callers that have the same key are understood."""

    def __init__(self, bind: Address, *, key: bytes | None = None, most_of_host: int | None = None) -> None:
        """``most_of_host``: how many of the connections one host may have; by default all. Raises Unreachable."""
        try:
            self._daemon = _Daemon(bind, key, most_of_host)
        except OSError as error:
            raise Unreachable(f"cannot listen on {bind}: {error.strerror or error}") from None
        self._moved_at = time.monotonic()

    @property
    def port(self) -> int:
        """The port in use; the one asked for, or the system's choice if that was 0."""
        return int(self._daemon.locationStr.rpartition(":")[2])

    def offer(self, name: str, remote_object: object) -> None:
        """Make the object callable under that name; an object of that name before it is replaced."""
        self._daemon.objectsById[name] = remote_object

    def withdraw(self, name: str) -> None:
        """Make the object of that name unknown; no error if there is none."""
        self._daemon.objectsById.pop(name, None)

    def serve(self, go_on: Callable[[], bool] = lambda: True) -> None:
        """Take connections until ``go_on()`` is false or ``close`` is called; looked at every ACCEPT_PAUSE_S."""

        def moved() -> bool:
            self._moved_at = time.monotonic()
            return go_on()

        self._daemon.requestLoop(moved)

    @property
    def idle_s(self) -> float:
        """Seconds since the accept loop last came round: far above ACCEPT_PAUSE_S means that it is stuck."""
        return time.monotonic() - self._moved_at

    def close(self) -> None:
        """Take no connection any more and break those that are open when the process ends."""
        self._daemon.transportServer.shutting_down = True
        self._daemon.close()


@contextlib.contextmanager
def _name_server(address: Address, timeout_s: float) -> Iterator[Remote]:
    # The stock name server accepts serpent only.
    remote = Remote(address, "Pyro.NameServer", serializer="serpent")
    try:
        remote.call("ping", timeout_s=timeout_s)
        yield remote
    finally:
        remote.close()


def look_up(name_server: Address, name: str, *, timeout_s: float) -> Address:
    """Where the name server says that ``name`` is. Raises Unreachable when it does not answer or does not know it."""
    with _name_server(name_server, timeout_s) as remote:
        try:
            uri = remote.call("lookup", name, timeout_s=timeout_s)
        except Pyro4.errors.NamingError:
            raise Unreachable(f"the name server at {name_server} does not know {name} (yet)") from None
        if not isinstance(uri, Pyro4.URI) or not uri.host or not uri.port:  # anybody may write anything there
            raise Unreachable(f"the name server at {name_server} has no address for {name}")
        return Address(str(uri.host), int(uri.port))


def register(name_server: Address, name: str, where: Address, *, timeout_s: float) -> bool:
    """See to it that the name server has ``name`` at ``where``; true if it had to be written. Raises Unreachable."""
    wanted = Pyro4.URI(f"PYRO:{name}@{where.host}:{where.port}")
    with _name_server(name_server, timeout_s) as remote:
        with contextlib.suppress(Pyro4.errors.NamingError):
            if remote.call("lookup", name, timeout_s=timeout_s) == wanted:
                return False
        remote.call("register", name, wanted, False, timeout_s=timeout_s)
        return True


def name_server_answers(address: Address, *, timeout_s: float) -> bool:
    """Whether a name server answers there."""
    try:
        with _name_server(address, timeout_s):
            return True
    except TicTacToeError:
        return False
