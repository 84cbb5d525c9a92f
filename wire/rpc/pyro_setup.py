"""How the RPC library is set, and what of it is switched off or replaced: nothing but plain values comes in.

Imported before anything else of it is used. Lives here: its settings, serializers, and how exceptions leave.
"""

from __future__ import annotations

import encodings.idna  # noqa: F401  # else the first connection imports it, in the middle of a takeover
import threading
import warnings
from typing import Any

import msgpack
import Pyro4
import Pyro4.core
import Pyro4.errors
import Pyro4.util
import serpent

from game.errors import InvalidArgument, NoSuchRoom, TicTacToeError
from wire.frames import SERPENT

ACCEPT_PAUSE_S = 0.2
"""How often an endpoint's accept loop comes round when nobody connects; ``Endpoint.idle_s`` is told by it."""


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


def for_the_wire(error: BaseException) -> TicTacToeError:
    """The error of our family as which an exception leaves this process."""
    if isinstance(error, TicTacToeError):
        return error
    if isinstance(error, Pyro4.errors.DaemonError):
        return NoSuchRoom("there is no such object here (any more)")
    if isinstance(error, AttributeError):
        return InvalidArgument("there is no such remote method")
    # what our methods raise is of our family (see ``arguments.remote``): the library could not read the call
    return InvalidArgument("the message cannot be read")


def _written(error: BaseException) -> dict[str, object]:
    """An exception as it leaves this process: a builtin one with a code and a sentence, which any client can read.

    No traceback, path or foreign class gets out this way.
    """
    ours = for_the_wire(error)
    return {
        "__class__": "builtins.RuntimeError",
        "__exception__": True,
        "args": [ours.message],
        "attributes": {"code": ours.code},
    }


Pyro4.util.SerializerBase.register_class_to_dict(BaseException, _written)


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
