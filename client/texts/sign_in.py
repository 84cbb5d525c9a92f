"""Texts of the first screen, and of the page for a recovery code."""

from __future__ import annotations

from client.texts.phrases import Caption, sentence
from game.errors import InvalidArgument, NameTaken, NameTooSimilar
from wire.errors import ProtocolMismatch, TicTacToeError, Unreachable

SLOGAN = "on servers that nobody can kill"
NAME = Caption("Your name", "Other players see it. Sign in with it again to return to your seat.")
SERVER = Caption("Server", "host:port of the name server. The list has recent ones.")
CODE = "Recovery code"
PLAY = Caption("Play", "Connect and open the lobby (Enter)")
WITH_CODE = Caption("I have a recovery code", "Sign in with a reserved name on any machine")
WITHOUT_CODE = "I have no recovery code"
NAME_MISSING = "Choose a name. Other players see it, and you return to your seat with it."
SERVER_MISSING = "Enter the address of a name server, for example localhost:1337."

ABOUT_CODE = (
    "A recovery code reserves your name, however long you are away. With name and code you can sign in on another "
    "machine. So can anybody else who has the code. A new code replaces an earlier one."
)
CODE_MADE = "Write this code down: it is shown only once. With your name and this code you can sign in on any machine."
MAKE_CODE = Caption("Make a recovery code", "An earlier code stops working")
MAKING_CODE = "Making the code …"
COPY = Caption("Copy", "Copy the code to the clipboard")


def connecting(server: str) -> str:
    """Return that the connection is being made."""
    return f"Connecting to {server} …"


def why_not(error: TicTacToeError, *, name: str, server: str, can_start: bool) -> str:
    """Return why that name cannot be used on that server, and what to do.

    ``can_start``: the servers of this machine can be started.
    """
    reason = sentence(error.message)
    if isinstance(error, NameTooSimilar):
        return f"{reason} Choose another."
    if isinstance(error, NameTaken):
        return f"The name {name} belongs to somebody else on this server. Choose another."
    if isinstance(error, InvalidArgument):
        return f"{reason} Please change it."
    if isinstance(error, ProtocolMismatch):
        return f"{server} runs another version: {error.message}. Update the older of the two."
    if isinstance(error, Unreachable):
        return f"{reason} {'Start the servers here, or check' if can_start else 'Is it running? Check'} the address."
    return reason


def reserve(name: str) -> str:
    """Return the heading of the page for a recovery code."""
    return f"Reserve the name {name}"
