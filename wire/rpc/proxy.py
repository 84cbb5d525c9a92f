"""Calls to a remote object, over one connection or a pool of connections."""

from __future__ import annotations

import queue
import socket
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import Pyro4
import Pyro4.errors
import Pyro4.util

from game.errors import InvalidArgument, NoSuchRoom
from wire import PEER_PROTOCOL, PROTOCOL_VERSION
from wire.addresses import Address
from wire.authentication import HELLO_BYTES, TAG_BYTES, Initiator, NotAuthentic, Session
from wire.errors import (
    Busy,
    DeadlineExceeded,
    Forbidden,
    ProtocolMismatch,
    TicTacToeError,
    TooLarge,
    UnknownHost,
    Unreachable,
    error_from,
)
from wire.frames import (
    CONNECT,
    CONNECT_FAIL,
    CONNECT_OK,
    EXCEPTION,
    INVOKE,
    MSGPACK,
    RESULT,
    SERPENT,
    Frame,
    Prove,
    encode,
    has_library_signature,
    token_of,
)
from wire.message_reader import LARGEST_OF_SERVERS
from wire.replies import Replies

# Parts of the error text that a refused connection receives. ``Proxy`` finds the kind of the refusal by them.
NO_FREE_CONNECTION = "no free workers"
REJECTED_PROTOCOL = "protocol_mismatch"
UNKNOWN_OBJECT = "unknown object"
WRONG_KEY = "the cluster key is another"
OLDER_SERVER = "message hmac mismatch"
"""The error of a server with peer protocol 2 or older when it receives a handshake of the present protocol."""

_ERRORS: Sequence[tuple[Any, type[TicTacToeError], str]] = (
    ((Pyro4.errors.TimeoutError, TimeoutError), DeadlineExceeded, "{address} did not answer within {timeout_s:g} s"),
    (Pyro4.errors.MessageTooLargeError, TooLarge, "the message is larger than the limit"),
    (NotAuthentic, Unreachable, "an answer of {address} was changed or repeated on its way"),
    (Pyro4.errors.SecurityError, Forbidden, "{address} does not accept this cluster key"),
    (Pyro4.errors.SerializeError, InvalidArgument, "a value of that type cannot be sent"),
)
"""Exceptions of a call, and the error and its sentence in place of each. The first that fits counts."""
_REFUSALS: Sequence[tuple[str, type[TicTacToeError], str]] = (
    (NO_FREE_CONNECTION, Busy, "{address} has no room for another connection"),
    (UNKNOWN_OBJECT, NoSuchRoom, "there is no such object there (any more)"),
    (OLDER_SERVER, ProtocolMismatch, "{address} speaks an older protocol between servers, or has another key"),
    (WRONG_KEY, Forbidden, "{address} does not accept this cluster key"),
)
"""The same for a refused connection, by a part of the text that it receives."""


class Proxy:
    """A connection to one remote object. Not thread-safe: one thread at a time may use it.

    The first call connects. A call after a broken connection connects again.
    """

    def __init__(self, address: Address, name: str, *, key: bytes | None = None, serializer: str = "msgpack") -> None:
        """``key``: the key of the endpoint. Each end proves to the other that it has the key."""
        self.address = address
        self._name = name
        self._key = key
        self._serializer = Pyro4.util.get_serializer(serializer)
        self._sequence = 0
        self._socket: socket.socket | None = None
        self._session: Session | None = None
        self._timeout_s: float | None = None

    def call(
        self, method: str, *arguments: object, timeout_s: float, named: Mapping[str, object] = MappingProxyType({})
    ) -> Any:
        """Call once and return the answer. Connecting, and each read of the answer, take at most ``timeout_s`` seconds.

        ``named``: arguments that are passed by name, which a server of an older version ignores.

        Raises the error that the method raised, or Unreachable, UnknownHost, DeadlineExceeded, Busy, TooLarge,
        Forbidden, ProtocolMismatch, NoSuchRoom, InvalidArgument. After Unreachable and DeadlineExceeded the caller
        cannot know whether the server executed the call.
        """
        if timeout_s != self._timeout_s:
            self._timeout_s = timeout_s
            if self._socket is not None:
                self._socket.settimeout(timeout_s)
        try:
            return self._exchange(method, arguments, named)
        except Exception as error:
            raise self._translated(error) from None

    def _exchange(self, method: str, arguments: tuple[object, ...], named: Mapping[str, object]) -> Any:
        """Send a call and return the value of its answer. Raises the exception that the answer carries."""
        data = self._serializer.dumpsCall(self._name, method, arguments, dict(named))
        if len(data) > self._largest:
            raise Pyro4.errors.MessageTooLargeError
        try:
            answer = self._ask(data)
        except BaseException:
            self.close()  # else the next call could read the answer to this call
            raise
        value = self._serializer.loads(answer.data)
        if answer.flags & EXCEPTION:
            raise value
        return value

    def _ask(self, data: bytes) -> Frame:
        """Send a call and return its answer. A new connection sends the handshake first.

        Without a key, the handshake and the call are sent together. With a key, the last handshake message and the call
        are sent together. This saves a round trip.
        """
        sock, greeting = self._socket, b""
        if sock is None:
            sock = self._connect()
            hello = self._serializer.dumps({"handshake": {"protocol": PROTOCOL_VERSION}, "object": self._name})
            if self._key is None:
                greeting = self._message(CONNECT, hello)
            else:
                greeting = self._authenticate(sock, hello, self._key)
        call = self._message(INVOKE, data, None if self._session is None else self._session.tag)
        sock.sendall(greeting + call)
        if greeting and self._key is None:
            self._answer(CONNECT_OK, self._sequence - 1)
        return self._answer(RESULT, self._sequence)

    def _authenticate(self, sock: socket.socket, hello: bytes, key: bytes) -> bytes:
        """Check that the server has the key. Return this end's proof, which must be sent before the first call.

        Raises Forbidden when the server does not have the key.
        """
        initiator = Initiator(key, PEER_PROTOCOL)
        sock.sendall(self._message(CONNECT, hello, initiator.hello, HELLO_BYTES))
        welcome = self._answer(CONNECT_OK, self._sequence)
        try:
            session = initiator.accept(token_of(welcome), welcome.header, welcome.data)
        except NotAuthentic:
            raise Forbidden(f"{self.address} does not have this cluster key") from None
        proof = self._message(CONNECT, b"", initiator.proof)
        self._session = session
        return proof

    def _connect(self) -> socket.socket:
        try:
            sock = self._socket = socket.create_connection(self.address, self._timeout_s)
        except (socket.gaierror, UnicodeError) as error:
            if getattr(error, "errno", None) == socket.EAI_AGAIN:
                raise Unreachable(f"the host name {self.address.host} cannot be resolved now") from None
            raise UnknownHost(f"there is no host {self.address.host}") from None
        self._session = None
        self._sequence = 0
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._answers = Replies(sock, largest=self._largest)
        return sock

    @property
    def _largest(self) -> int:
        """Return the largest allowed message, in bytes."""
        largest: int = Pyro4.config.MAX_MESSAGE_SIZE
        return largest if self._key is None else max(largest, LARGEST_OF_SERVERS)

    def _message(self, kind: int, data: bytes, prove: Prove | None = None, token_size: int = TAG_BYTES) -> bytes:
        self._sequence = (self._sequence + 1) & 0xFFFF
        return encode(kind, 0, self._sequence, self._serializer.serializer_id, data, prove, token_size)

    def _answer(self, kind: int, sequence: int) -> Frame:
        answer = self._answers.next()
        if self._session is not None:
            self._session.verify(token_of(answer), answer.header, answer.data)
        elif answer.kind == CONNECT_FAIL and answer.serializer in (SERPENT, MSGPACK):
            why = Pyro4.util.get_serializer_by_id(answer.serializer).loads(answer.data)
            raise Pyro4.errors.CommunicationError(f"connection rejected: {why}")
        elif has_library_signature(answer):
            raise Pyro4.errors.SecurityError("an answer that is signed with a key")
        if (answer.kind, answer.sequence, answer.serializer) != (kind, sequence, self._serializer.serializer_id):
            raise Pyro4.errors.ProtocolError("that is not the answer to this call")
        if answer.flags & ~EXCEPTION:
            raise Pyro4.errors.ProtocolError("an answer of a kind that nobody asked for")
        return answer

    def close(self) -> None:
        """Close the connection; the next call opens a new one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _translated(self, error: Exception) -> Exception:
        """Return the error of our family for an exception of the library. Return any other exception unchanged."""
        code = getattr(error, "code", None)
        if isinstance(error, RuntimeError) and isinstance(code, str):
            return error_from(code, str(error))
        for kinds, make, sentence in _ERRORS:
            if isinstance(error, kinds):
                return make(sentence.format(address=self.address, timeout_s=self._timeout_s))
        if isinstance(error, (Pyro4.errors.DaemonError, Pyro4.errors.CommunicationError, OSError)):
            return self._refused_connection(str(error))
        if isinstance(error, (TypeError, ValueError, OverflowError, RecursionError)):
            return InvalidArgument("a value cannot be sent as it is")
        return error

    def _refused_connection(self, reason: str) -> TicTacToeError:
        """Return the error for a connection that the other side did not accept, or that broke."""
        if REJECTED_PROTOCOL in reason:
            return ProtocolMismatch(reason.rpartition(REJECTED_PROTOCOL)[2].lstrip(": "))
        for part, make, sentence in _REFUSALS:
            if part in reason:
                return make(sentence.format(address=self.address))
        return Unreachable(f"{self.address} does not answer")


class ProxyPool:
    """A pool of at most ``most`` connections to one remote object. Thread-safe: each call borrows a connection."""

    def __init__(self, address: Address, name: str, *, key: bytes | None = None, most: int = 8) -> None:
        self._idle: queue.LifoQueue[Proxy | None] = queue.LifoQueue()
        """The free slots of the pool. None is a slot without a connection yet."""
        self._new: Callable[[], Proxy] = lambda: Proxy(address, name, key=key)
        for _ in range(most):
            self._idle.put(None)

    def call(self, method: str, *arguments: object, timeout_s: float) -> Any:
        """Call once, as ``Proxy.call`` does. Raises Busy when no connection becomes free within ``timeout_s`` seconds.

        The wait for a connection comes before the call and has the same limit.
        """
        try:
            borrowed = self._idle.get(timeout=timeout_s)
        except queue.Empty:
            raise Busy("all connections to another server are in use") from None
        remote = borrowed or self._new()
        try:
            return remote.call(method, *arguments, timeout_s=timeout_s)
        finally:
            self._idle.put(remote)
