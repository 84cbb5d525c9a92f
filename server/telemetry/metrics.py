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
    "tictactoe_server_info", "gauge", "Always 1: which server this is, and its protocol.", ("server", "protocol")
)
CONNECTIONS = Metric("tictactoe_connections", "gauge", "Connections that are open now, by port.", ("port",))
REFUSED = Metric(
    "tictactoe_refused_requests_total",
    "counter",
    "Calls and connections that were answered with an error, by port and the error's code.",
    ("port", "code"),
)
STARTS = Metric("tictactoe_starts_total", "counter", "Processes of another server started from here.", ("server",))
TAKEOVERS = Metric(
    "tictactoe_takeovers_total",
    "counter",
    "Main servers that died or hung and were replaced from here, by why.",
    ("reason",),
)
TAKEOVER_S = Metric(
    "tictactoe_takeover_duration_seconds",
    "histogram",
    "How long there was no primary: from the death that was noticed to the next primary.",
)
RECOVERIES = Metric(
    "tictactoe_recoveries_total",
    "counter",
    "Other servers than main that died or hung and were replaced from here, by why.",
    ("server", "reason"),
)
RECOVERY_S = Metric(
    "tictactoe_recovery_duration_seconds",
    "histogram",
    "How long nobody did that server's work.",
    ("server",),
)
FAILED_TRIES = Metric(
    "tictactoe_failed_tries_total",
    "counter",
    "Tries that failed of what a server does again and again until it succeeds, by what for and the error's code.",
    ("what", "code"),
)
FAILING_SINCE = Metric(
    "tictactoe_failing_since_seconds",
    "gauge",
    "Since when the last tries failed, in seconds since 1970; 0 if the last one succeeded.",
    ("what",),
)

# -- main -------------------------------------------------------------------------------------------------------------

IS_PRIMARY = Metric("tictactoe_in_office", "gauge", "1 if this main server is the primary, 0 before.")
READ_ONLY = Metric(
    "tictactoe_read_only",
    "gauge",
    "1 while this main server cannot become the primary (the disk is full, say) and serves reads.",
)
EPOCH = Metric("tictactoe_epoch", "gauge", "The epoch of the primary (main), or of the copy (replication).")
POSITION = Metric(
    "tictactoe_log_position", "gauge", "The position of the last entry: published (main), in the copy (replication)."
)
ROOMS = Metric("tictactoe_rooms", "gauge", "Open rooms.")
ROOMS_IN_MEMORY = Metric("tictactoe_rooms_in_memory", "gauge", "Rooms whose state is in memory.")
NAMES = Metric("tictactoe_names", "gauge", "Usernames that have an owner.")
RECORDS = Metric("tictactoe_book_records", "gauge", "Records in the book: games that ended, names that were freed.")
PLAYERS = Metric("tictactoe_players", "gauge", "Players who are in their rooms now; one in two rooms counts twice.")
WATCHERS = Metric("tictactoe_watchers", "gauge", "Spectators who are in a room now.")
CALLERS_WAITING = Metric(
    "tictactoe_callers_waiting", "gauge", "Calls that wait for news of a room (main) or of the lobby.", ("news_of",)
)
COMMANDS_WAITING = Metric("tictactoe_commands_waiting", "gauge", "Commands that wait for their commit.")
MOVES = Metric("tictactoe_moves_total", "counter", "Moves played: committed, whatever became of the answer.")
MOVE_S = Metric(
    "tictactoe_move_duration_seconds",
    "histogram",
    "From a call of move that has come to its answer, of those that were not refused.",
)
EVENTS = Metric("tictactoe_events_total", "counter", "Events committed, by kind.", ("kind",))
GAMES = Metric("tictactoe_games_finished_total", "counter", "Games that ended, by how.", ("termination",))
COMMITS = Metric("tictactoe_commits_total", "counter", "Batches that changed something: one write each.")
COMMIT_S = Metric(
    "tictactoe_commit_duration_seconds", "histogram", "From a batch's turn to its end: decided, written, replicated."
)
BATCH = Metric("tictactoe_batch_commands", "histogram", "Commands that were carried through together.")
DEGRADED = Metric("tictactoe_degraded", "gauge", "1 while the main server works on without a replica in step.")
DEGRADED_S = Metric("tictactoe_degraded_seconds_total", "counter", "How long that was so in this term.")
LAG = Metric("tictactoe_replica_lag_entries", "gauge", "Entries that the replica is not known to have.")

# -- main and replication: the copy of the log -----------------------------------------------------------------------

DAMAGED = Metric(
    "tictactoe_damaged_streams",
    "gauge",
    "Rooms, names and volumes with damaged rows in this copy: to be mended from the other one, or lost in both.",
    ("state",),
)
DAMAGE_FOUND = Metric("tictactoe_damage_found_total", "counter", "Streams in which damage was noticed in this copy.")
DAMAGE_MENDED = Metric("tictactoe_damage_mended_total", "counter", "Streams of this copy that were mended.")
SCRUBBED = Metric("tictactoe_scrubbed_rows_total", "counter", "Rows of this copy that were read through for damage.")
SCRUB_FINISHED = Metric(
    "tictactoe_scrub_finished_seconds", "gauge", "When all was last read through, in seconds since 1970; 0: not yet."
)
OF_A_COPY = (DAMAGED, DAMAGE_FOUND, DAMAGE_MENDED, SCRUBBED, SCRUB_FINISHED)

# -- communication ----------------------------------------------------------------------------------------------------

LOBBY_ROOMS = Metric("tictactoe_lobby_rooms", "gauge", "Rooms in the front door's list.")
LOBBY_COMPLETE = Metric("tictactoe_lobby_complete", "gauge", "1 once the front door has the whole list of rooms.")
SEEKERS = Metric("tictactoe_seekers", "gauge", "Who wait for a match.")
ONLINE = Metric("tictactoe_online", "gauge", "Usernames whose windows said lately that they are online.")

EVERYWHERE = (
    INFO,
    CONNECTIONS,
    REFUSED,
    STARTS,
    TAKEOVERS,
    TAKEOVER_S,
    RECOVERIES,
    RECOVERY_S,
    FAILED_TRIES,
    FAILING_SINCE,
)
OF_MAIN = (
    *(IS_PRIMARY, READ_ONLY, EPOCH, POSITION, ROOMS, ROOMS_IN_MEMORY, NAMES, RECORDS, PLAYERS, WATCHERS),
    *(CALLERS_WAITING, COMMANDS_WAITING),
    *(MOVES, MOVE_S, EVENTS, GAMES, COMMITS, COMMIT_S, BATCH, DEGRADED, DEGRADED_S, LAG),
    *OF_A_COPY,
)
OF_COMMUNICATION = (LOBBY_ROOMS, LOBBY_COMPLETE, CALLERS_WAITING, SEEKERS, ONLINE)
OF_REPLICATION = (EPOCH, POSITION, *OF_A_COPY)
ALL = tuple(dict.fromkeys((*EVERYWHERE, *OF_MAIN, *OF_COMMUNICATION, *OF_REPLICATION)))
OF_THE_PROCESS = tuple(
    f"process_{name}"
    for name in (
        *("cpu_seconds_total", "resident_memory_bytes", "virtual_memory_bytes", "start_time_seconds"),
        *("open_fds", "max_fds"),
    )
)
"""The metrics that prometheus-client adds for every process, on Linux."""
