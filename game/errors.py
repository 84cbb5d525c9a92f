"""The base class of all errors of the project, and the refusals of the game. Each kind has one code.

Nothing here depends on how an error is sent; ``wire.errors`` adds the errors of calls and servers.
"""

from __future__ import annotations

from typing import ClassVar, Literal

Fault = Literal["caller", "peer", "ours"]


class TicTacToeError(Exception):
    """The base of all errors. ``code`` is the kind, ``message`` a sentence, ``fault`` the side at fault."""

    code: ClassVar[str] = "error"
    fault: ClassVar[Fault] = "ours"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Refusal(TicTacToeError):
    """The rules do not allow the command. Nothing was changed."""

    code: ClassVar[str] = "refused"
    fault: ClassVar[Fault] = "caller"


class InvalidArgument(Refusal):
    """A value has the wrong type, size or range."""

    code: ClassVar[str] = "invalid_argument"


class NameTaken(Refusal):
    """The username belongs to another token."""

    code: ClassVar[str] = "name_taken"


class NameTooSimilar(NameTaken):
    """The username is a lookalike of a username that belongs to another token."""

    code: ClassVar[str] = "name_too_similar"


class WrongCode(Refusal):
    """The recovery code does not belong to that username."""

    code: ClassVar[str] = "wrong_code"


class BadToken(Refusal):
    """The token belongs to no username."""

    code: ClassVar[str] = "bad_token"


class NoSuchRoom(Refusal):
    """There is no room with that id (any more)."""

    code: ClassVar[str] = "no_such_room"


class NoSuchGame(Refusal):
    """The game archive has no game of that number (yet)."""

    code: ClassVar[str] = "no_such_game"


class RoomExists(Refusal):
    """There is a room with that id already."""

    code: ClassVar[str] = "room_exists"


class RoomClosed(Refusal):
    """The room is closed for good."""

    code: ClassVar[str] = "room_closed"


class RoomFull(Refusal):
    """The room has its maximum number of people."""

    code: ClassVar[str] = "room_full"


class NotInRoom(Refusal):
    """The caller is not in the room and must join first."""

    code: ClassVar[str] = "not_in_room"


class NotAPlayer(Refusal):
    """The caller has no seat in the room."""

    code: ClassVar[str] = "not_a_player"


class NotYourTurn(Refusal):
    """The other seat is to move."""

    code: ClassVar[str] = "not_your_turn"


class CellTaken(Refusal):
    """The cell is not empty."""

    code: ClassVar[str] = "cell_taken"


class GameNotRunning(Refusal):
    """No game is running in the room."""

    code: ClassVar[str] = "game_not_running"


class GameStillRunning(Refusal):
    """The game in the room is not finished yet."""

    code: ClassVar[str] = "game_still_running"


class NotAllowed(Refusal):
    """The caller has no right to do this, or not now."""

    code: ClassVar[str] = "not_allowed"


class TimeUp(Refusal):
    """A clock has run down: the game is lost, and the event that ends it follows."""

    code: ClassVar[str] = "time_up"


class NoSuchOffer(Refusal):
    """There is no such offer (any more)."""

    code: ClassVar[str] = "no_such_offer"


class TooOften(Refusal):
    """The caller reached a rate limit. A later try can succeed."""

    code: ClassVar[str] = "too_often"


class LimitReached(Refusal):
    """A username or a host has as many of these as the settings allow. Nothing was changed."""

    code: ClassVar[str] = "limit_reached"


class NotInvited(Refusal):
    """The room is private, and the invite code is missing or wrong."""

    code: ClassVar[str] = "not_invited"


class Draining(Refusal):
    """The cluster drains: no new rooms, games and names until it has stopped and started again."""

    code: ClassVar[str] = "draining"
    fault: ClassVar[Fault] = "ours"


class InvariantBroken(TicTacToeError):
    """A condition that must always hold does not. The fault is ours: the server ends and starts again."""

    code: ClassVar[str] = "invariant_broken"


def check(condition: bool, message: str) -> None:
    """Raise InvariantBroken unless the condition holds. Unlike ``assert``, this stays on under ``python -O``."""
    if not condition:
        raise InvariantBroken(message)
