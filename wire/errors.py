"""The errors of the cluster, besides the refusals of the game: failures between a caller and its answer.

An error crosses the wire as a code and a sentence, and becomes the same class at the caller (see ``wire.rpc``).
``fault`` is the side at fault: the caller, the peer (network, another server), or ours. Nothing here does I/O.
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
    """The server did not answer, or the connection broke. It is unknown whether the call was executed."""

    code: ClassVar[str] = "unreachable"
    fault: ClassVar[Literal["caller", "peer", "ours"]] = "peer"


class DeadlineExceeded(Unreachable):
    """No answer came in time. It is unknown whether the call was executed."""

    code: ClassVar[str] = "deadline_exceeded"


class UnknownHost(Unreachable):
    """No host has that name. The call was not executed."""

    code: ClassVar[str] = "unknown_host"


class NoSuchName(Unreachable):
    """The name server answers but does not have that name (yet). The call was not executed."""

    code: ClassVar[str] = "no_such_name"


class WrongAddress(TicTacToeError):
    """The program at the given address is not a name server. A retry does not help."""

    code: ClassVar[str] = "wrong_address"
    fault: ClassVar[Literal["caller", "peer", "ours"]] = "caller"


class NotReady(TicTacToeError):
    """The server runs but cannot do this now, because it waits for another server. Nothing was changed."""

    code: ClassVar[str] = "not_ready"
    fault: ClassVar[Literal["caller", "peer", "ours"]] = "peer"


class Busy(TicTacToeError):
    """A limit is reached. Nothing was changed, and a later try can succeed."""

    code: ClassVar[str] = "busy"
    fault: ClassVar[Literal["caller", "peer", "ours"]] = "ours"


class TooLarge(TicTacToeError):
    """The message is larger than the settings allow. Nothing was changed."""

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
    """Another main server has a higher epoch: the server that called or was called is no longer the primary.

    It is unknown whether the command was applied.
    """

    code: ClassVar[str] = "fenced"
    fault: ClassVar[Literal["caller", "peer", "ours"]] = "caller"


class WrongMachine(TicTacToeError):
    """A main server of another machine, or with another data folder, tries to use the replica."""

    code: ClassVar[str] = "wrong_machine"
    fault: ClassVar[Literal["caller", "peer", "ours"]] = "caller"


class StorageFailed(TicTacToeError):
    """The journal, or the client's file of tokens, cannot be used, for example because the disk is full.

    Nothing was changed.
    """

    code: ClassVar[str] = "storage_failed"
    fault: ClassVar[Literal["caller", "peer", "ours"]] = "ours"


class Diverged(TicTacToeError):
    """Two copies of the log have different entries. Nothing is changed until a person chooses one copy."""

    code: ClassVar[str] = "diverged"
    fault: ClassVar[Literal["caller", "peer", "ours"]] = "ours"


class Damaged(StorageFailed):
    """The stored data for this is damaged.

    Nothing was changed. It has the code of its base class, so callers see that error.
    """


class InternalError(TicTacToeError):
    """A fault of ours. The server's log has the details."""

    code: ClassVar[str] = "internal_error"
    fault: ClassVar[Literal["caller", "peer", "ours"]] = "ours"


def _family(root: type[TicTacToeError]) -> dict[str, type[TicTacToeError]]:
    found = {root.code: root} if "code" in vars(root) else {}
    for child in root.__subclasses__():
        found |= _family(child)
    return found


_KINDS: dict[str, type[TicTacToeError]] = {}


def error_from(code: object, sentence: str) -> TicTacToeError:
    """Return the error with that code. An unknown code becomes an InternalError that names it."""
    if isinstance(code, str) and code not in _KINDS:
        _KINDS.update(_family(TicTacToeError))
    kind = _KINDS.get(code) if isinstance(code, str) else None
    return kind(sentence) if kind is not None else InternalError(f"{code}: {sentence}")
