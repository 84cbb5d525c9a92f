"""The errors of the cluster, besides the refusals of the game: failures between a caller and its answer.

An error crosses the wire as a code and a sentence, and becomes the same class at the caller (see ``wire.rpc``).
``fault`` is the side at fault: the caller, the peer (network, another server), or ours. Nothing here does I/O.
"""

from __future__ import annotations

from game.errors import KINDS, TicTacToeError

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


class Unreachable(TicTacToeError, code="unreachable", fault="peer"):
    """The server did not answer, or the connection broke. It is unknown whether the call was executed."""


class DeadlineExceeded(Unreachable, code="deadline_exceeded"):
    """No answer came in time. It is unknown whether the call was executed."""


class UnknownHost(Unreachable, code="unknown_host"):
    """No host has that name. The call was not executed."""


class NoSuchName(Unreachable, code="no_such_name"):
    """The name server answers but does not have that name (yet). The call was not executed."""


class WrongAddress(TicTacToeError, code="wrong_address", fault="caller"):
    """The program at the given address is not a name server. A retry does not help."""


class NotReady(TicTacToeError, code="not_ready", fault="peer"):
    """The server runs but cannot do this now, mostly because it waits for another. The call changed nothing."""


class Busy(TicTacToeError, code="busy", fault="ours"):
    """A limit is reached. Nothing was changed, and a later try can succeed."""


class TooLarge(TicTacToeError, code="too_large", fault="caller"):
    """The message is larger than the settings allow. Nothing was changed."""


class ProtocolMismatch(TicTacToeError, code="protocol_mismatch", fault="caller"):
    """Caller and server speak different versions of the protocol."""


class Forbidden(TicTacToeError, code="forbidden", fault="caller"):
    """The caller does not have the cluster's key."""


class Fenced(TicTacToeError, code="fenced", fault="caller"):
    """Another main server has a higher epoch: the server that called or was called is no longer the primary.

    It is unknown whether the command was applied.
    """


class WrongMachine(TicTacToeError, code="wrong_machine", fault="caller"):
    """A main server of another machine, or with another data folder, tries to use the replica."""


class StorageFailed(TicTacToeError, code="storage_failed", fault="ours"):
    """The journal, or the client's file of tokens, cannot be used, for example because the disk is full.

    Nothing was changed.
    """


class Diverged(TicTacToeError, code="diverged", fault="ours"):
    """Two copies of the log have different entries. Nothing is changed until a person chooses one copy."""


class Damaged(StorageFailed):
    """The stored data for this is damaged.

    Nothing was changed. It has the code of its base class, so callers see that error.
    """


class InternalError(TicTacToeError, code="internal_error", fault="ours"):
    """A fault of ours. The server's log has the details."""


def error_from(code: object, sentence: str) -> TicTacToeError:
    """Return the error with that code. An unknown code becomes an InternalError that names it."""
    kind = KINDS.get(code) if isinstance(code, str) else None
    return kind(sentence) if kind is not None else InternalError(f"{code}: {sentence}")
