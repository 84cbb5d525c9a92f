"""The configuration of the RPC library: limits, serializers and the translation of exceptions.

It must be imported before any other use of the library. Parts of the serializers are replaced, so that only plain
values come in. The library's own daemon and proxy are not used: ``dispatcher`` and ``proxy`` take their places.
"""

from __future__ import annotations

import encodings.idna  # noqa: F401  # else the first connection imports it, during a takeover
import warnings
from typing import Any

import msgpack
import msgspec
import Pyro4
import Pyro4.core
import Pyro4.errors
import Pyro4.util
import serpent

from game.errors import InvalidArgument, NoSuchRoom, TicTacToeError
from wire.frames import MSGPACK, SERPENT


def configure(*, largest_message: int, connections: int, idle_s: float) -> None:
    """Set the limits of this process. Call it once, before the first Endpoint or Proxy.

    ``largest_message``: bytes in a message. ``connections``: of one endpoint. ``idle_s``: seconds that an idle
    connection stays open. A client's call is limited to ``largest_message`` or LARGEST_CALL, whichever is smaller.
    Without a call of this function, the defaults below hold.
    """
    config = Pyro4.config
    config.MAX_MESSAGE_SIZE = largest_message
    config.THREADPOOL_SIZE = connections
    config.COMMTIMEOUT = idle_s


Pyro4.config.REQUIRE_EXPOSE = True  # an environment variable could change it
configure(largest_message=1 << 20, connections=64, idle_s=60.0)


def for_the_wire(error: BaseException) -> TicTacToeError:
    """Return the error of our family that represents an exception outside this process."""
    if isinstance(error, TicTacToeError):
        return error
    if isinstance(error, Pyro4.errors.DaemonError):
        return NoSuchRoom("there is no such object here (any more)")
    if isinstance(error, AttributeError):
        return InvalidArgument("there is no such remote method")
    # our methods raise only errors of our family (see ``arguments.remote``), so the library could not read the call
    return InvalidArgument("the message cannot be read")


def _written(error: BaseException) -> dict[str, object]:
    """Return an exception as plain data: a builtin exception with a code and a sentence, which any client can read.

    No traceback, path or foreign class leaves the process.
    """
    ours = for_the_wire(error)
    return {
        "__class__": "builtins.RuntimeError",
        "__exception__": True,
        "args": [ours.message],
        "attributes": {"code": ours.code},
    }


Pyro4.util.SerializerBase.register_class_to_dict(BaseException, _written)


for _category in (SyntaxWarning, DeprecationWarning):  # the category depends on Python's version
    warnings.filterwarnings("ignore", "invalid ", _category)  # they are about clients' texts and would fill the log


_FIRST_BUFFER = 1 << 10
"""Bytes that a packer allocates first. The library's packer allocates 256 KiB for each message, which takes longer than
the rest of its work."""

# Answers are our own values, so a faster encoder may write them. A call has a caller's values: the library's encoder
# refuses those of other types.
_encode_answer = msgspec.msgpack.Encoder(enc_hook=Pyro4.util.get_serializer("msgpack").default).encode


def _packed_answer(_: object, value: object) -> bytes:
    return _encode_answer(value)


def _packed_call(serializer: Any, name: str, method: str, arguments: object, fields: object) -> bytes:
    packer = msgpack.Packer(default=serializer.default, use_bin_type=True, buf_size=_FIRST_BUFFER)
    data: bytes = packer.pack((name, method, arguments, fields))
    return data


def _plain_text(_: object, data: bytes) -> Any:
    return serpent.loads(data)


def _plain_msgpack(_: object, data: bytes) -> Any:
    return msgpack.unpackb(data, raw=False)


# The arguments of a call stay plain values. The library would turn a dictionary that names a class into an object: a
# proxy that connects to an address of the caller's choice, an exception, a daemon.
Pyro4.util.SerpentSerializer.loadsCall = _plain_text
Pyro4.util.MsgpackSerializer.loadsCall = _plain_msgpack
Pyro4.util.MsgpackSerializer.dumps = _packed_answer
Pyro4.util.MsgpackSerializer.dumpsCall = _packed_call

SERIALIZERS = {number: Pyro4.util.get_serializer_by_id(number) for number in (SERPENT, MSGPACK)}
"""The serializers by their number in messages."""

_make_exception = Pyro4.util.SerializerBase.make_exception


def _make_error(kind: type[BaseException], data: dict[str, Any]) -> BaseException:
    """Return an answer's exception. Refuses an exception that ends a thread or process, such as SystemExit."""
    if not issubclass(kind, Exception):
        raise Pyro4.errors.SerializeError("an answer must not end its caller")
    made: BaseException = _make_exception(kind, data)
    return made


Pyro4.util.SerializerBase.make_exception = staticmethod(_make_error)
