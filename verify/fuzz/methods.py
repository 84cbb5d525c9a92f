"""The attack's own list of remote methods and their arguments, and names that are not remote methods.

The list is repeated here, because a client does not import server code. A test compares it with the methods that the
servers expose.
"""

from __future__ import annotations

from collections.abc import Mapping

ROOM: Mapping[str, tuple[str, ...]] = {
    "join": ("token", "request_id", "role", "invite_code"),
    "leave": ("token", "request_id"),
    "move": ("token", "request_id", "move"),
    "resign": ("token", "request_id"),
    "rematch": ("token", "request_id"),
    "claim_game": ("token", "request_id", "result"),
    "propose": ("token", "request_id", "proposal"),
    "offer": ("token", "request_id", "what"),
    "accept": ("token", "request_id", "what"),
    "decline": ("token", "request_id", "what"),
    "say": ("token", "request_id", "text"),
    "lock": ("token", "request_id", "on"),
    "remove": ("token", "request_id", "name"),
    "invite": ("token",),
    "close": ("token", "request_id"),
    "view": ("token", "form"),
    "wait": ("token", "after_version", "timeout_s", "form"),
}
FRONT_DOOR: Mapping[str, tuple[str, ...]] = {
    "describe": (),
    "claim": ("name", "token"),
    "create": ("token", "request_id", "title", "game", "options", "terms"),
    "rooms": ("after", "limit"),
    "wait_rooms": ("after", "timeout_s", "limit"),
    "where_is": ("room",),
    "online": ("name", "token"),
    "keep_name": ("token", "code"),
    "recover_name": ("name", "code", "token"),
    "seek": ("token", "wish", "ticket", "timeout_s"),
    "cancel_seek": ("token",),
    "play_house_bot": ("token", "request_id", "wish"),
    "leaderboard": ("pool", "limit"),
    "player": ("name",),
    "games": ("name", "before", "limit"),
    "game": ("number",),
    "result": ("room", "number"),
    "servers": (),
}
WITHOUT_EFFECT = frozenset(
    {
        *("view", "wait", "invite", "describe", "rooms", "wait_rooms", "where_is", "servers", "seek", "cancel_seek"),
        *("leaderboard", "player", "games", "game", "result"),
    }
)
MUST_BE_GOOD = frozenset({"token", "request_id", "name", "code"})
"""Arguments for which every bad value is refused. For the others some random values are valid."""
PEER_METHODS: tuple[str, ...] = (
    *("beat", "status", "stand_down", "stop", "standing", "take_office", "attach", "append", "begin_copy"),
    *("add_to_copy", "end_copy", "drop_after_gaps", "terms", "damage", "rows_of", "mend", "check_machine"),
    *("forgotten_at", "forget", "copies", "claim", "create", "is_open", "lobby_changes", "drain"),
    *("keep_name", "recover_name", "open_matches"),
    *("who_has", "records_after", "records"),
)
PRIVATE: tuple[str, ...] = (
    *("__init__", "__class__", "__dict__", "__getattr__", "__setattr__", "__delattr__", "__reduce__", "__call__"),
    *("__len__", "__del__", "__sizeof__", "_command_service", "_room", "_check", "_copy", "_settings", "_pyroId"),
    *("_pyroDaemon", "_pyroId", "_pyroDaemon", "_pyroHandshake", "shutdown", "register", "registered", "info"),
    *("get_metadata", "close_stream", "ping", "nothing", "probe", "follow", "💥", "claim.__globals__"),
    *("command_service.command", "due", "match", "command_service.command", "due", "match", "matchmaker"),
    *("matchmaker.run", "archive", "archive.apply", "_claim", "_call_main", "_house_bot", "tick"),
)
