"""The metrics of the servers: names, kinds, labels and meanings, as values. Nothing is counted here.

The names follow Prometheus' conventions: the subject first, base units (seconds, bytes), and ``_total`` for values that
only grow. A label has few values that are known beforehand: never a room, a name or an id. ``docs/operations.md`` has
the same list for people, and a test compares the two.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from server.telemetry.counters import Distribution


class Metric(NamedTuple):
    """One metric. ``meaning`` is its help text."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    meaning: str
    labels: tuple[str, ...] = ()


class Reading(NamedTuple):
    """The value of a metric at one moment, with the values of its labels. A histogram has a Distribution."""

    metric: Metric
    value: float | Distribution
    labels: tuple[str, ...] = ()


# -- every server -----------------------------------------------------------------------------------------------------

INFO = Metric(
    "tictactoe_server_info",
    "gauge",
    "Always 1; the labels have the server and its protocol version.",
    ("server", "protocol"),
)
CONNECTIONS = Metric("tictactoe_connections", "gauge", "Open connections, by port.", ("port",))
REFUSED = Metric(
    "tictactoe_refused_requests_total",
    "counter",
    "Calls answered with an error, and refused connections, by port and error code.",
    ("port", "code"),
)
STARTS = Metric(
    "tictactoe_starts_total", "counter", "Processes of another server that this server started.", ("server",)
)
TAKEOVERS = Metric(
    "tictactoe_takeovers_total",
    "counter",
    "Main servers that this server replaced, by reason.",
    ("reason",),
)
TAKEOVER_S = Metric(
    "tictactoe_takeover_duration_seconds",
    "histogram",
    "Time without a primary: from the noticed death of a main server to the next primary.",
)
RECOVERIES = Metric(
    "tictactoe_recoveries_total",
    "counter",
    "Servers other than main that this server replaced, by reason.",
    ("server", "reason"),
)
RECOVERY_S = Metric(
    "tictactoe_recovery_duration_seconds",
    "histogram",
    "Time for which a role other than main was not filled.",
    ("server",),
)
FAILED_TRIES = Metric(
    "tictactoe_failed_tries_total",
    "counter",
    "Failed attempts of work that is repeated until it succeeds, by work and error code.",
    ("what", "code"),
)
FAILING_SINCE = Metric(
    "tictactoe_failing_since_seconds",
    "gauge",
    "Since when attempts have failed, in seconds since 1970; 0 if the last one succeeded.",
    ("what",),
)

# -- main -------------------------------------------------------------------------------------------------------------

IS_PRIMARY = Metric("tictactoe_in_office", "gauge", "1 while this main server is the primary, 0 before.")
READ_ONLY = Metric(
    "tictactoe_read_only",
    "gauge",
    "1 while this main server cannot become the primary and serves only reads.",
)
EPOCH = Metric(
    "tictactoe_epoch", "gauge", "The primary's epoch (main), or the epoch that the copy obeys (replication)."
)
POSITION = Metric(
    "tictactoe_log_position", "gauge", "The position of the last entry: visible (main), or in the copy (replication)."
)
ROOMS = Metric("tictactoe_rooms", "gauge", "Open rooms.")
ROOMS_IN_MEMORY = Metric("tictactoe_rooms_in_memory", "gauge", "Rooms with their state in memory.")
NAMES = Metric("tictactoe_names", "gauge", "Usernames that have an owner.")
RECORDS = Metric("tictactoe_book_records", "gauge", "Records of the game archive: finished games, and released names.")
PLAYERS = Metric("tictactoe_players", "gauge", "Players present in their rooms; a player in two rooms counts twice.")
WATCHERS = Metric(
    "tictactoe_watchers", "gauge", "Spectators present in their rooms; a spectator in two rooms counts twice."
)
CALLERS_WAITING = Metric(
    "tictactoe_callers_waiting",
    "gauge",
    "Calls that wait for news of a room (main) or of the lobby (communication).",
    ("news_of",),
)
COMMANDS_WAITING = Metric("tictactoe_commands_waiting", "gauge", "Commands that wait for their commit.")
MOVES = Metric("tictactoe_moves_total", "counter", "Committed moves.")
MOVE_S = Metric(
    "tictactoe_move_duration_seconds",
    "histogram",
    "Time from a call of move to its answer; refused moves do not count.",
)
EVENTS = Metric("tictactoe_events_total", "counter", "Committed events, by kind.", ("kind",))
GAMES = Metric("tictactoe_games_finished_total", "counter", "Finished games, by termination.", ("termination",))
COMMITS = Metric("tictactoe_commits_total", "counter", "Batches that changed something: one write each.")
COMMIT_S = Metric("tictactoe_commit_duration_seconds", "histogram", "Time of a batch, from decide to publish.")
BATCH = Metric("tictactoe_batch_commands", "histogram", "Commands in a batch.")
DEGRADED = Metric("tictactoe_degraded", "gauge", "1 while the primary has no replica in sync.")
DEGRADED_S = Metric("tictactoe_degraded_seconds_total", "counter", "Time without a replica in sync, in this term.")
LAG = Metric("tictactoe_replica_lag_entries", "gauge", "Entries that the replica is not known to have.")

# -- main and replication: the copy of the log -----------------------------------------------------------------------

DAMAGED = Metric(
    "tictactoe_damaged_streams",
    "gauge",
    "Streams with damaged rows in this copy: waiting for repair from the other copy, or lost in both.",
    ("state",),
)
DAMAGE_FOUND = Metric("tictactoe_damage_found_total", "counter", "Streams of this copy in which damage was found.")
DAMAGE_MENDED = Metric("tictactoe_damage_mended_total", "counter", "Streams of this copy that were repaired.")
SCRUBBED = Metric("tictactoe_scrubbed_rows_total", "counter", "Rows of this copy that the scrub read.")
SCRUB_FINISHED = Metric(
    "tictactoe_scrub_finished_seconds",
    "gauge",
    "When the last pass of the scrub ended, in seconds since 1970; 0 before.",
)

# -- communication ----------------------------------------------------------------------------------------------------

LOBBY_ROOMS = Metric("tictactoe_lobby_rooms", "gauge", "Rooms in the front door's list.")
LOBBY_COMPLETE = Metric("tictactoe_lobby_complete", "gauge", "1 once the front door has the whole list of rooms.")
SEEKERS = Metric("tictactoe_seekers", "gauge", "Open seeks.")
ONLINE = Metric("tictactoe_online", "gauge", "Usernames that are online.")
