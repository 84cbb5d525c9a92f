"""Texts of the lobby: play now, the lists of rooms and open games, the panel for a new room."""

from __future__ import annotations

from collections.abc import Sequence

from client.texts.games import room_name
from client.texts.offers import offers_rematch
from client.texts.phrases import Caption, shortened
from client.views import Row
from game.forms.room_view import View
from game.games.tictactoe import DEFAULTS, LARGEST, SMALLEST

PLAY_NOW = Caption("Play now", "Find an opponent (Ctrl+P)")
CANCEL_SEEK = Caption("Cancel", "Stop looking for an opponent (Esc)")
CANCELLING = "Cancelling …"
HOUSE_BOT_OFFERS = "No opponent yet. Play the house bot? It is a computer player and starts at once."
PLAY_HOUSE_BOT = Caption("Yes", "Play the house bot now")
KEEP_WAITING = Caption("Keep waiting", "Wait for a person")

SEARCH = Caption("Find", "Find a room by name, player or id (Ctrl+F), or paste an invitation. Esc shows all rooms.")
NEW_ROOM = Caption("New room", f"Open a room, with a board from {SMALLEST}×{SMALLEST} to {LARGEST}×{LARGEST} (Ctrl+N)")
COMPUTER = Caption(
    "Play alone",
    f"Play the computer on a {DEFAULTS['width']}×{DEFAULTS['height']} board. Level hard never loses on 3×3.",
)
COLUMNS = ("Room", "Players", "Board", "State", "Spectators")
JOIN = Caption("Join", "Take a free seat in the selected room, or return to yours (Enter or double-click)")
WATCH = Caption("Watch", "Watch without playing (W)")
RECORDS = Caption("Leaderboard, games", "The best players, all finished games, and your own page (Ctrl+L)")
LOADING_ROOMS = "Loading the rooms …"
NO_ROOMS = "No room is open yet.\nOpen one for others to join, or play the computer."
OPENING_FOR_COMPUTER = "Opening a room with the computer …"
OPENING = "Opening the room …"
BACK_TO_GAME = "Return to this room. Your seat is kept (Ctrl+1, 2, 3)."
CONTINUE = "Continue"
RETURN = "Return"

NAME = Caption("Name", "The room's name in the list. It may stay empty.")
BOARD = "Board"
WIDTH = f"Width: {SMALLEST} to {LARGEST} cells"
HEIGHT = f"Height: {SMALLEST} to {LARGEST} cells"
WITH = "with"
IN_A_ROW = Caption("in a row", f"How many in a row win: from {SMALLEST} to the longer side of the board")
GAME = "Game"
SERIES = "Single games without end, or a series. The players begin in turn."
OPEN_ENDED = "Open-ended"
CLOCK = "The time of each player"
PUBLIC = "Public"
PRIVATE = "Private"
ACCESS = (
    "Who can join. A private room is not in the list: invite people with the button Invite. The computer takes the "
    "other seat at once. Level hard never loses on 3×3."
)
OPEN_ROOM = Caption("Open the room", "Open the room and enter it (Enter)")
CANCEL = "Cancel"
WRONG_BOARD = f"Each from {SMALLEST} to {LARGEST}, and the row must fit on the board"

ONLINE_LETTERS = 60
_STATES = {"waiting": "free seat", "selecting": "choosing", "finished": "finished"}
_PHASES = {"waiting": "Waiting", "selecting": "Choosing what to play", "playing": "Playing", "finished": "Finished"}


def looking_for_opponent(waited_s: int) -> str:
    """Return how long the seek has lasted."""
    return f"Looking for an opponent … {waited_s} s"


def filter_hint(title: str) -> str:
    """Return what a choice of the seek's filter means. ``title``: of that choice."""
    return f"{title}: what you accept. You choose the rest with your opponent."


def computer(level: str) -> str:
    """Return the choice of a computer player of that level."""
    return f"Computer: {level}"


def against_computer(name: str) -> str:
    """Return the name of that user's room with a computer player."""
    return f"{name} against the computer"


def players_room(names: Sequence[str]) -> str:
    """Return the name of a room for these players."""
    return " and ".join(names)


def no_match(search: str, *, most: int) -> str:
    """Return that no room matches a search, of which at most ``most`` characters are repeated."""
    return f"No room matches “{shortened(search, most)}”."


def open_game(row: Row, view: View | None, me: str, *, my_turn: bool) -> str:
    """Return the state of a room in which ``me`` has a seat. ``view`` is None until it is known."""
    opponent = next((name for name in row.players.values() if name and name != me), "")
    against = f"against {opponent}" if opponent else "no opponent yet"
    if my_turn:
        return f"Your turn, {against}"
    if view is not None and view.phase == "finished" and view.rematch:
        return offers_rematch(opponent) if view.seat_of(me) not in view.rematch else f"Rematch? {against}"
    return f"{_PHASES.get(row.phase, row.phase)}, {against}"


def room_of(text: str, row: Row) -> str:
    """Return the line of an open game: its state and its room."""
    return f"{text}  ·  {room_name(row.title, row.room)}"


def players(row: Row) -> str:
    """Return who plays in a room of the lobby."""
    names = [name for name in row.players.values() if name]
    return " – ".join(names) if names else "nobody yet"


def state(row: Row) -> str:
    """Return the state of a room of the lobby."""
    if row.phase == "playing":
        return f"game {row.game_number}"
    return _STATES.get(row.phase, row.phase)


def online(names: Sequence[str], count: int) -> str:
    """Return who is online: the names that fit on a line or two, and the number of all."""
    if not count:
        return ""
    shown: list[str] = []
    for name in names:
        if sum(map(len, shown)) + len(name) > ONLINE_LETTERS:
            break
        shown.append(name)
    more = f" and {count - len(shown)} more" if count > len(shown) else ""
    return f"{count} online: {', '.join(shown)}{more}"


def all_online(names: Sequence[str]) -> str:
    """Return the names of all who are online, for a tooltip."""
    return f"Online: {', '.join(names)}"
