"""The settings as values: every field with its default, and the addresses that follow from them. Nothing is checked."""

from __future__ import annotations

from dataclasses import dataclass

from wire import COMMUNICATION, MAIN, NAME_SERVER, REPLICATION
from wire.rpc import Address


@dataclass(frozen=True)
class SettingsFields:
    """One field for each setting. The environment variable of a field is its name in capitals."""

    name_server_host: str = "localhost"
    name_server_port: int = 1337
    bind_host: str = "127.0.0.1"
    peer_bind_host: str = "127.0.0.1"
    public_host: str = ""
    main_host: str = "127.0.0.1"
    main_port: int = 13371
    main_peer_port: int = 13381
    communication_host: str = "127.0.0.1"
    communication_port: int = 13372
    communication_peer_port: int = 13382
    replication_host: str = "127.0.0.1"
    replication_port: int = 13373
    replication_peer_port: int = 13383
    metrics_host: str = "127.0.0.1"
    main_metrics_port: int = 13391
    communication_metrics_port: int = 13392
    replication_metrics_port: int = 13393
    data_folder: str = ""
    cluster_key: str = ""
    durability: str = "os"
    heartbeat_s: float = 0.25
    hang_s: float = 1.2
    append_timeout_s: float = 0.7
    start_grace_s: float = 15.0
    start_limit_s: float = 15.0
    recovery_wait_s: float = 3.0
    max_message_bytes: int = 1 << 20
    max_connections: int = 4096
    max_connections_per_host: int = 3072
    max_rooms: int = 20_000
    max_names: int = 100_000
    max_people_per_room: int = 1500
    max_people_per_room_per_host: int = 1200
    max_names_per_host: int = 5000
    max_new_names_per_host_per_hour: int = 5000
    max_kept_names: int = 50_000
    max_kept_names_per_host: int = 1000
    max_rooms_per_name: int = 100
    max_rooms_per_host: int = 4000
    max_new_rooms_per_name_per_hour: int = 1000
    max_seats_per_name: int = 500
    max_bot_matches: int = 48
    max_bot_matches_per_host: int = 32
    max_wait_s: float = 30.0
    idle_connection_s: float = 120.0
    room_idle_s: float = 600.0
    room_expire_s: float = 86_400.0
    away_s: float = 60.0
    claim_after_s: float = 60.0
    name_grace_s: float = 3600.0
    snapshot_every: int = 32
    keep_events: int = 2000
    keep_closed_rooms: int = 1000
    max_log_bytes: int = 1 << 24
    keep_logs: int = 20
    scrub_rows_per_s: int = 500
    scrub_every_s: float = 3600.0
    log_level: str = "info"
    log_format: str = "text"
    owner_pid: int = 0
    test_faults: str = ""

    @property
    def name_server(self) -> Address:
        return Address(self.name_server_host, self.name_server_port)

    def host_of(self, role: str) -> str:
        """Return the host on which that server runs."""
        return {
            MAIN: self.main_host,
            COMMUNICATION: self.communication_host,
            REPLICATION: self.replication_host,
            NAME_SERVER: self.name_server_host,
        }[role]

    def client_port_of(self, role: str) -> int:
        """Return the port for clients of that server."""
        ports = {MAIN: self.main_port, COMMUNICATION: self.communication_port, REPLICATION: self.replication_port}
        return ports[role]

    def peer_address_of(self, role: str) -> Address:
        """Return the address where the other servers reach that server."""
        ports = {
            MAIN: self.main_peer_port,
            COMMUNICATION: self.communication_peer_port,
            REPLICATION: self.replication_peer_port,
        }
        return Address(self.host_of(role), ports[role])

    @property
    def server_ports(self) -> tuple[int, ...]:
        """All ports of the three servers for clients and peers."""
        servers = (MAIN, COMMUNICATION, REPLICATION)
        return tuple(port for role in servers for port in (self.client_port_of(role), self.peer_address_of(role).port))

    def metrics_port_of(self, role: str) -> int:
        """Return the port on which that server serves its metrics; 0 if it serves none."""
        ports = {
            MAIN: self.main_metrics_port,
            COMMUNICATION: self.communication_metrics_port,
            REPLICATION: self.replication_metrics_port,
        }
        return ports[role]
