"""The same as metrics: one examination as Prometheus' families of samples, and a server that makes one a scrape.

``prometheus_client`` is an extra: ``pip install 'payrollx-db[metrics]'``.
"""

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from payrollx_db.consolidate.state.lags import Lag
from payrollx_db.errors import ConfigurationError
from payrollx_db.health.examine import DatabaseHealth, Health

if TYPE_CHECKING:
    from prometheus_client.core import Metric

Examine = Callable[[], Health]

# Name, what it says, and its labels. Names carry their units; everything is a gauge.
FAMILIES = {
    "payrollx_up": ("Whether the database of a service answers.", ("service",)),
    "payrollx_server_info": ("The version of the server that a service is on.", ("service", "version")),
    "payrollx_connect_seconds": ("How long connecting took.", ("service",)),
    "payrollx_connections": ("Sessions that can be told to be a service's own.", ("service",)),
    "payrollx_connections_budget": ("An even share of the sessions that a service's database may have.", ("service",)),
    "payrollx_server_connections": ("Sessions on the server that a service is on.", ("service",)),
    "payrollx_server_connections_limit": ("Sessions that the server has for all.", ("service",)),
    "payrollx_table_rows": ("About how many rows a table has.", ("service", "table")),
    "payrollx_table_dead_rows": ("About how many dead rows wait for VACUUM.", ("service", "table")),
    "payrollx_table_size_bytes": ("A table's size, with its indexes.", ("service", "table")),
    "payrollx_table_indexes_size_bytes": ("The size of a table's indexes.", ("service", "table")),
    "payrollx_follow_lag_bytes": ("Log of a followed database that isn't brought over.", ("database", "direction")),
    "payrollx_follow_lag_seconds": ("How long its oldest change has waited.", ("database", "direction")),
    "payrollx_follow_lag_keys": ("Keys of it that wait to be brought over.", ("database", "direction")),
    "payrollx_follow_retained_bytes": ("Log that its server keeps for the slot.", ("database", "direction")),
    "payrollx_follow_free_bytes": ("Room for it: free on the disk, or allowed.", ("database", "direction")),
    "payrollx_follow_left_seconds": ("How long the room lasts at this rate.", ("database", "direction")),
    "payrollx_follow_slot_lost": ("Whether the slot is lost.", ("database", "direction")),
    "payrollx_follow_measured_timestamp_seconds": ("When that was measured.", ("database", "direction")),
    "payrollx_last_backup_timestamp_seconds": ("When a service was backed up last.", ("service",)),
    "payrollx_findings": (
        "What payrollx-db doctor finds; without a service: about the database.",
        ("check", "code", "severity", "service"),
    ),
    "payrollx_check_ok": ("Whether a check finds nothing that needs attention.", ("check",)),
}  # fmt: skip

Samples = Iterator[tuple[str, tuple[str, ...], float]]


def exposition(health: Health) -> str:
    """Return an examination in Prometheus' text format. Raises ConfigurationError without ``prometheus_client``."""
    client = require_client()
    registry = client.CollectorRegistry()
    registry.register(Collector(lambda: health))
    text: str = client.generate_latest(registry).decode()
    return text


class Collector:
    """What Prometheus' client asks at each scrape; every answer is a fresh examination, one at a time."""

    def __init__(self, examine: Examine) -> None:
        self._examine = examine
        self._one_at_a_time = threading.Lock()

    def collect(self) -> "Iterator[Metric]":
        """Yield the families with their samples."""
        with self._one_at_a_time:
            health = self._examine()
        yield from families(health)


def families(health: Health) -> "Iterator[Metric]":
    """Yield the families of an examination, each with its samples."""
    from prometheus_client.core import GaugeMetricFamily

    gauges = {name: GaugeMetricFamily(name, text, labels=labels) for name, (text, labels) in FAMILIES.items()}
    for name, labels, value in _samples(health):
        gauges[name].add_metric(labels, value)
    yield from gauges.values()


def require_client() -> Any:
    """Return the module ``prometheus_client``. Raises ConfigurationError where it isn't installed."""
    try:
        import prometheus_client
    except ImportError:
        raise ConfigurationError(
            "metrics need prometheus_client, which isn't installed",
            hint="pip install 'payrollx-db[metrics]'",
        ) from None
    return prometheus_client


def listen(host: str, port: int, examine: Examine) -> tuple[int, Callable[[], None]]:
    """Serve a fresh examination at each scrape, in threads of its own. Returns the port, and what ends it.

    Raises ConfigurationError without ``prometheus_client``, or where the address can't be taken.
    """
    client = require_client()
    registry = client.CollectorRegistry()
    registry.register(Collector(examine))
    try:
        server, thread = client.start_http_server(port, addr=host, registry=registry)
    except OSError as error:
        raise ConfigurationError(
            f"can't listen on {host}:{port}: {error.strerror or error}",
            hint="name another with --listen HOST:PORT",
        ) from None

    def end() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return server.server_port, end


def _samples(health: Health) -> Samples:
    for database in health.databases:
        for service in database.place.services:
            yield "payrollx_up", (service.name,), database.reachable
        yield from _database(database)
    for service_name, taken_at in health.last_backups.items():
        yield "payrollx_last_backup_timestamp_seconds", (service_name,), taken_at.timestamp()
    yield from _found(health)


def _database(database: DatabaseHealth) -> Samples:
    capacity = database.capacity
    if capacity is None:
        return
    for service in database.place.services:
        label = (service.name,)
        yield "payrollx_server_info", (service.name, database.version), 1
        yield "payrollx_connect_seconds", label, database.seconds
        yield "payrollx_connections_budget", label, capacity.share
        yield "payrollx_server_connections", label, capacity.used
        yield "payrollx_server_connections_limit", label, capacity.room.unreserved
    for lag in database.lags:
        yield from _followed(lag)
    for size in database.services:
        yield "payrollx_connections", (size.name,), size.connections
        for table in size.tables:
            labels = (size.name, table.name)
            yield "payrollx_table_rows", labels, table.rows
            yield "payrollx_table_dead_rows", labels, table.dead_rows
            yield "payrollx_table_size_bytes", labels, table.bytes
            yield "payrollx_table_indexes_size_bytes", labels, table.index_bytes


def _followed(lag: Lag) -> Samples:
    labels = (lag.database, lag.direction)
    room = [size for size in (lag.free_bytes, lag.safe_bytes) if size is not None]
    values = {
        "lag_bytes": lag.lag_bytes,
        "lag_seconds": lag.lag_seconds,
        "lag_keys": lag.lag_keys,
        "retained_bytes": lag.retained_bytes,
        "free_bytes": min(room) if room else None,
        "left_seconds": lag.seconds_left,
        "slot_lost": lag.wal_status == "lost",
        "measured_timestamp_seconds": lag.measured_at.timestamp(),
    }
    for name, value in values.items():
        if value is not None:
            yield f"payrollx_follow_{name}", labels, value


def _found(health: Health) -> Samples:
    counted: dict[tuple[str, ...], int] = {}
    for finding in health.findings:
        key = (finding.check, finding.code, str(finding.severity), finding.subject)
        counted[key] = counted.get(key, 0) + 1
    for labels, number in counted.items():
        yield "payrollx_findings", labels, number
    well: dict[str, bool] = {}
    checks = [check for database in health.databases for check in database.checks]
    for check in (*checks, *((health.backups,) if health.backups else ())):
        fine = not any(finding.needs_attention for finding in check.findings)
        well[check.name] = fine and well.get(check.name, True)
    for name, fine in well.items():
        yield "payrollx_check_ok", (name,), fine
