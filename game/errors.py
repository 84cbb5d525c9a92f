"""The base of all errors of the project, and the refusals of the game. One code a kind.

Nothing here knows how an error reaches anybody; ``wire.errors`` adds what can go wrong on the way.
"""

from __future__ import annotations

from typing import ClassVar, Literal

Fault = Literal["caller", "peer", "ours"]


class TicTacToeError(Exception):
    """Something did not happen; ``code`` says what kind, ``message`` says it in one sentence, ``fault`` whose it is."""

    code: ClassVar[str] = "error"
    fault: ClassVar[Fault] = "ours"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Refusal(TicTacToeError):
    """The command cannot be carried out as things are; nothing was changed."""

    code: ClassVar[str] = "refused"
    fault: ClassVar[Fault] = "caller"


class InvalidArgument(Refusal):
    """A value has the wrong type, size or range."""

    code: ClassVar[str] = "invalid_argument"


class NameTaken(Refusal):
    """The username belongs to another token."""

    code: ClassVar[str] = "name_taken"


class NameTooSimilar(NameTaken):
    """The username looks like one that belongs to another token."""

    code: ClassVar[str] = "name_too_similar"


class WrongCode(Refusal):
    """The recovery code is not the one of that username."""

    code: ClassVar[str] = "wrong_code"


class BadToken(Refusal):
    """The token belongs to nobody."""

    code: ClassVar[str] = "bad_token"


class NoSuchRoom(Refusal):
    """There is no room with that id (any more)."""

    code: ClassVar[str] = "no_such_room"


class NoSuchGame(Refusal):
    """The book has no game of that number (yet)."""

    code: ClassVar[str] = "no_such_game"


class RoomExists(Refusal):
    """There is a room with that id already."""

    code: ClassVar[str] = "room_exists"


class RoomClosed(Refusal):
    """The room is closed for good."""

    code: ClassVar[str] = "room_closed"


class RoomFull(Refusal):
    """No more people fit into the room."""

    code: ClassVar[str] = "room_full"


class NotInRoom(Refusal):
    """The caller is not in the room: join first."""

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
    """No game is being played in the room."""

    code: ClassVar[str] = "game_not_running"


class GameStillRunning(Refusal):
    """The game in the room is not finished yet."""

    code: ClassVar[str] = "game_still_running"


class NotAllowed(Refusal):
    """Only somebody else may do that."""

    code: ClassVar[str] = "not_allowed"


class TimeUp(Refusal):
    """A clock of the game has run down: it is lost, and about to end."""

    code: ClassVar[str] = "time_up"


class NoSuchOffer(Refusal):
    """Nobody offers that (any more)."""

    code: ClassVar[str] = "no_such_offer"


class TooOften(Refusal):
    """The caller has done that often enough for now: later it is possible again."""

    code: ClassVar[str] = "too_often"


class LimitReached(Refusal):
    """One name, or one host, has as many of these as the settings allow; nothing was changed."""

    code: ClassVar[str] = "limit_reached"


class NotInvited(Refusal):
    """The room is private, and the invite code is missing or wrong."""

    code: ClassVar[str] = "not_invited"


class Draining(Refusal):
    """The cluster is being emptied: nothing new begins there until it was stopped and started again."""

    code: ClassVar[str] = "draining"
    fault: ClassVar[Fault] = "ours"


class InvariantBroken(TicTacToeError):
    """Something that must hold does not: a fault of ours, after which a server ends and starts with good state."""

    code: ClassVar[str] = "invariant_broken"


def check(condition: bool, message: str) -> None:
    """Raise InvariantBroken unless the condition holds; unlike ``assert`` it stays on under ``python -O``."""
    if not condition:
        raise InvariantBroken(message)
