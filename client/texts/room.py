"""Texts of a room's screen: actions, access, chat, selection, players."""

from __future__ import annotations

import re

from client.texts.games import called, room_name, terms
from client.texts.phrases import Caption
from game.forms.room_view import SeatView, View

ENTERING = "Entering the room …"
LOBBY = Caption("‹ Lobby", "Return to the lobby. Your seat is kept (Esc).")
BOARD = "Board"

REMATCH = Caption("Rematch", "Play again with seats swapped (R)")
START_NOW = "Start now"
NEW_OPPONENT = Caption("New opponent", "Find another opponent, with the same board and clock")
LEAVE = Caption("Back to the lobby", "Leave the room (Esc)")
TAKE_SEAT = Caption("Take the seat", "Play instead of watching (R)")
RESIGN = Caption("Resign", "Resign the game, after a question (R, then Enter)")
CONFIRM_RESIGN = "Yes, resign"
RESIGN_QUESTION = "Resign this game?"
KEEP_PLAYING = Caption("Keep playing", "Do not resign (Esc)")
CLOSE = Caption("Close the room", "Close the room for everybody. It cannot be opened again.")
OFFER = Caption("Offer", "Offer a draw, ask for a takeback, or before the second move for an abort")

OWNER = Caption("Room", "It is your room: lock it for spectators, remove a spectator")
INVITE = "Invite"
INVITE_PRIVATE = "Invite (private)"
LOCK = "Lock for spectators"
UNLOCK = "Unlock for spectators"

CHAT = Caption("Chat", "Chat in this room (T)")
WRITE = "Write to everybody in the room (Enter). T leads here, Esc back to the board."
MUTE = Caption("Mute", "Hide what people write. Nobody else notices.")
MUTE_SPECTATORS = "Mute spectators"

AGREE = Caption("Agree", "Play what your opponent proposes")
CHOOSE = "Propose this at once. The match begins when both players propose the same."
CHOICE_IS_PROPOSED = "Your choice is proposed at once"

FREE_SEAT = "free seat"
SCORE = "Games won in this room, and draws"

_INVITATION = re.compile(r"[a-z0-9]{4,16}-[0-9a-f]{1,64}")


def room_title(view: View) -> str:
    """Return the title above a room: its name, if it has one, and what is played there."""
    if view.phase == "selecting":
        return "Match"
    name = room_name(view.title, view.room) if view.title or view.owner else ""
    return "  ·  ".join(part for part in (name, terms(view)) if part)


def spectators(view: View) -> str:
    """Return the number of spectators, and the names of some."""
    count, shown = view.spectator_count, view.spectators[:5]
    if not count:
        return "No spectators"
    more = f" and {count - len(shown)} more" if count > len(shown) else ""
    return f"{count} spectator{'' if count == 1 else 's'}: {', '.join(shown)}{more}"


def closed(view: View) -> str:
    """Return that the room was closed."""
    return f"The room “{view.title or view.room}” was closed."


def computer_stopped(reason: str) -> str:
    """Return that the computer player cannot continue."""
    return f"The computer player stopped: {reason}."


def player(view: View, owner: SeatView) -> str:
    """Return the player of a seat."""
    return called(view, owner.name) + ("" if owner.present else " (away)")


def score(x: int, o: int, draws: int) -> str:
    """Return the games won by each player, and the draws."""
    return f"{x} : {o}" + (f"  ·  {draws} drawn" if draws else "")


def chat_tab(unread: int) -> str:
    """Return the text of the button that opens the chat."""
    return CHAT.text + (f" ({unread})" if unread else "")


def too_long(most: int) -> str:
    """Return that a chat line is too long."""
    return f"A line has at most {most} characters."


def mute(name: str) -> str:
    """Return the choice to mute a person."""
    return f"Mute {name}"


def remove(name: str) -> str:
    """Return the choice to remove a spectator."""
    return f"Remove {name}"


def copy_invitation(line: str) -> str:
    """Return what the button for an invitation does."""
    return f"Copy an invitation to this room (I): {line}"


def agree_with(name: str) -> str:
    """Return the text of the button that accepts the opponent's proposal."""
    return f"Agree with {name}"


def proposes(name: str, what: str) -> str:
    """Return a player's proposal; the user's own if the name is empty."""
    return f"{name} proposes: {what}" if name else f"You propose: {what}"


def same_as(name: str) -> str:
    """Return that a choice would make both proposals equal, which only the button to agree does."""
    return f"{name} proposes the same: agree, or choose something else"


def random_in(seconds: int) -> str:
    """Return what happens if the players do not agree in time."""
    return f"Without agreement within {seconds} s the choice is random"


def invitation(server: str, room: str) -> str:
    """Return the line to send to an invited person."""
    return f"Play tic-tac-toe with me:  python tictactoe.py --server {server} --room {room}"


def invited_to(text: str) -> str:
    """Return the private room of an invitation ("id-code"); empty if there is none.

    ``text`` can be a whole invitation line: its last word counts.
    """
    last = text.rsplit(maxsplit=1)[-1] if text.split() else ""
    return last if _INVITATION.fullmatch(last) else ""
