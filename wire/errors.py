"""The errors of the cluster, beside the refusals of the game: what can go wrong between a caller and an answer.

An error crosses the wire as its code and a sentence and becomes the same class at the caller (see ``wire.rpc``).
``fault`` tells whose it is: the caller's, the peer's (network, another server), or ours. Nothing here does I/O.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from game.errors import TicTacToeError

__all__ = [
    "Busy",
    "Damaged",
    "DeadlineExceeded",
    "Diverged",
    "Fenced",
    "Forbidden",
    "InternalError",
    "NoSuchName",
    "NotReady",
    "ProtocolMismatch",
    "StorageFailed",
    "TicTacToeError",
    "TooLarge",
    "UnknownHost",
    "Unreachable",
    "WrongAddress",
    "WrongMachine",
    "error_from",
]


class Unreachable(TicTacToeError):
    """Nobody answers there, or the connection broke: whether the call was carried out is not known."""

    code: ClassVar[str] = "unreachable"
    fault: ClassVar[Literal["caller", "peer", "ours"]] = "peer"


class DeadlineExceeded(Unreachable):
    """No answer came in time: whether the call was carried out is not known."""

    code: ClassVar[str] = "deadline_exceeded"


class UnknownHost(Unreachable):
    """There is no host of that name."""

    code: ClassVar[str] = "unknown_host"


class NoSuchName(Unreachable):
    """The name server answers, and does not have that name (yet)."""

    code: ClassVar[str] = "no_such_name"


class WrongAddress(TicTacToeError):
    """Something else than a name server answers at the address that was given: a further try does not help."""

    code: ClassVar[str] = "wrong_address"
    fault: ClassVar[Literal["caller", "peer", "ours"]] = "caller"


class NotReady(TicTacToeError):
    """The server is there but cannot do it at this moment (it waits for another); nothing was changed."""

    code: ClassVar[str] = "not_ready"
    fault: ClassVar[Literal["caller", "peer", "ours"]] = "peer"


class Busy(TicTacToeError):
    """A limit of the settings is reached; nothing was changed, and a later try may succeed."""

    code: ClassVar[str] = "busy"
    fault: ClassVar[Literal["caller", "peer", "ours"]] = "ours"


class TooLarge(TicTacToeError):
    """The message is larger than the settings allow; nothing was changed."""

    code: ClassVar[str] = "too_large"
    fault: ClassVar[Literal["caller", "peer", "ours"]] = "caller"


class ProtocolMismatch(TicTacToeError):
    """Caller and server speak different versions of the protocol."""

    code: ClassVar[str] = "protocol_mismatch"
    fault: ClassVar[Literal["caller", "peer", "ours"]] = "caller"


class Forbidden(TicTacToeError):
    """The caller does not have the cluster's key."""

    code: ClassVar[str] = "forbidden"
    fault: ClassVar[Literal["caller", "peer", "ours"]] = "caller"


class Fenced(TicTacToeError):
    """A main server of a higher epoch holds the office: the caller's term is over."""

    code: ClassVar[str] = "fenced"
    fault: ClassVar[Literal["caller", "peer", "ours"]] = "caller"


class WrongMachine(TicTacToeError):
    """A main server of another machine, or with another data folder, wants the replica to obey it."""

    code: ClassVar[str] = "wrong_machine"
    fault: ClassVar[Literal["caller", "peer", "ours"]] = "caller"


class StorageFailed(TicTacToeError):
    """The journal, or the client's own file of tokens, cannot be used (a full disk, say); nothing was changed."""

    code: ClassVar[str] = "storage_failed"
    fault: ClassVar[Literal["caller", "peer", "ours"]] = "ours"


class Diverged(TicTacToeError):
    """Two copies of the log each have what the other lacks: nothing is changed until a person has chosen one."""

    code: ClassVar[str] = "diverged"
    fault: ClassVar[Literal["caller", "peer", "ours"]] = "ours"


class Damaged(StorageFailed):
    """What the servers kept of this is damaged; nothing was changed. Has the code of its base: to callers it is one."""


class InternalError(TicTacToeError):
    """A fault of ours; the server's log has the details."""

    code: ClassVar[str] = "internal_error"
    fault: ClassVar[Literal["caller", "peer", "ours"]] = "ours"


def _family(root: type[TicTacToeError]) -> dict[str, type[TicTacToeError]]:
    found = {root.code: root} if "code" in vars(root) else {}
    for child in root.__subclasses__():
        found |= _family(child)
    return found


_KINDS: dict[str, type[TicTacToeError]] = {}


def error_from(code: object, sentence: str) -> TicTacToeError:
    """The error of that code; a code this side does not know becomes an InternalError that names it."""
    if isinstance(code, str) and code not in _KINDS:
        _KINDS.update(_family(TicTacToeError))
    kind = _KINDS.get(code) if isinstance(code, str) else None
    return kind(sentence) if kind is not None else InternalError(f"{code}: {sentence}")
