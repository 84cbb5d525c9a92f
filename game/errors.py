"""The base class of all errors of the project, and the refusals of the game. Each kind has one code.

Nothing here depends on how an error is sent; ``wire.errors`` adds the errors of calls and servers.
"""

from __future__ import annotations

from typing import ClassVar, Literal

Fault = Literal["caller", "peer", "ours"]


KINDS: dict[str, type[TicTacToeError]] = {}
"""The classes of errors, by their codes."""


class TicTacToeError(Exception):
    """The base of all errors. ``code`` is the kind, ``message`` a sentence, ``fault`` the side at fault.

    A class without a code or fault has that of its base class.
    """

    code: ClassVar[str] = "error"
    fault: ClassVar[Fault] = "ours"

    def __init_subclass__(cls, *, code: str = "", fault: Fault | None = None) -> None:
        super().__init_subclass__()
        if code:
            cls.code = code
            KINDS[code] = cls
        cls.fault = fault or cls.fault

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


KINDS[TicTacToeError.code] = TicTacToeError


class Refusal(TicTacToeError, code="refused", fault="caller"):
    """The rules do not allow the command. Nothing was changed."""


class InvalidArgument(Refusal, code="invalid_argument"):
    """A value has the wrong type, size or range."""


class NameTaken(Refusal, code="name_taken"):
    """The username belongs to another token."""


class NameTooSimilar(NameTaken, code="name_too_similar"):
    """The username is a lookalike of a username that belongs to another token."""


class WrongCode(Refusal, code="wrong_code"):
    """The recovery code does not belong to that username."""


class BadToken(Refusal, code="bad_token"):
    """The token belongs to no username."""


class NoSuchRoom(Refusal, code="no_such_room"):
    """There is no room with that id (any more)."""


class NoSuchGame(Refusal, code="no_such_game"):
    """The game archive has no game of that number (yet)."""


class RoomExists(Refusal, code="room_exists"):
    """There is a room with that id already."""


class RoomClosed(Refusal, code="room_closed"):
    """The room is closed for good."""


class RoomFull(Refusal, code="room_full"):
    """The room has its maximum number of people."""


class NotInRoom(Refusal, code="not_in_room"):
    """The caller is not in the room and must join first."""


class NotAPlayer(Refusal, code="not_a_player"):
    """The caller has no seat in the room."""


class NotYourTurn(Refusal, code="not_your_turn"):
    """The other seat is to move."""


class CellTaken(Refusal, code="cell_taken"):
    """The cell is not empty."""


class GameNotRunning(Refusal, code="game_not_running"):
    """No game is running in the room."""


class GameStillRunning(Refusal, code="game_still_running"):
    """The game in the room is not finished yet."""


class NotAllowed(Refusal, code="not_allowed"):
    """The caller has no right to do this, or not now."""


class TimeUp(Refusal, code="time_up"):
    """A clock has run down: the game is lost, and the event that ends it follows."""


class NoSuchOffer(Refusal, code="no_such_offer"):
    """There is no such offer (any more)."""


class TooOften(Refusal, code="too_often"):
    """The caller reached a rate limit. A later try can succeed."""


class LimitReached(Refusal, code="limit_reached"):
    """A username or a host has as many of these as the settings allow. Nothing was changed."""


class NotInvited(Refusal, code="not_invited"):
    """The room is private, and the invite code is missing or wrong."""


class Draining(Refusal, code="draining", fault="ours"):
    """The cluster drains: no new rooms, games and names until it has stopped and started again."""


class InvariantBroken(TicTacToeError, code="invariant_broken"):
    """A condition that must always hold does not. The fault is ours: the server ends and starts again."""


def require(condition: bool, message: str) -> None:
    """Raise InvalidArgument unless the condition holds: the caller's value is wrong."""
    if not condition:
        raise InvalidArgument(message)


def check(condition: bool, message: str) -> None:
    """Raise InvariantBroken unless the condition holds. Unlike ``assert``, this stays on under ``python -O``."""
    if not condition:
        raise InvariantBroken(message)
