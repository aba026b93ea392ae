"""How big each service is, and how many sessions are open: what doctor shows, and metrics count."""

from dataclasses import dataclass
from itertools import groupby

from payrollx_db.health.database import Database
from payrollx_db.health.pool_budget import Room
from payrollx_db.postgres import query_files
from payrollx_db.postgres.session import Endpoint, session

queries = query_files.beside(__name__)


@dataclass(frozen=True)
class TableSize:
    """One table: about how many rows, and bytes on disk, with its indexes (``index_bytes``) and all else."""

    schema: str
    name: str
    rows: int
    bytes: int
    index_bytes: int
    dead_rows: int


@dataclass(frozen=True)
class ServiceSize:
    """One service's tables, and the sessions that can be told to be its own."""

    name: str
    tables: tuple[TableSize, ...]
    connections: int

    @property
    def rows(self) -> int:
        """About how many rows all its tables have."""
        return sum(table.rows for table in self.tables)

    @property
    def bytes(self) -> int:
        """How much room all its tables take."""
        return sum(table.bytes for table in self.tables)


@dataclass(frozen=True)
class Capacity:
    """How many sessions a server takes, how many it has, and how many of them are in this database."""

    room: Room
    used: int
    used_here: int
    services: int

    @property
    def share(self) -> int:
        """An even share of what this database may have: the budget of one of its services."""
        return self.room.open // max(self.services, 1)


async def capacity(database: Database) -> Capacity:
    """Read how many sessions there may be, and how many there are, without this one."""
    row = await database.row("capacity")
    room = Room(row.max_connections, row.reserved, row.database_limit)
    return Capacity(room, row.used - 1, row.used_here - 1, len(database.place.services))


async def sizes(database: Database) -> tuple[ServiceSize, ...]:
    """Read the size of every service that is placed there."""
    tables = [TableSize(*row) for row in await database.rows("tables")]
    grouped = {schema: tuple(members) for schema, members in groupby(tables, key=lambda table: table.schema)}
    connections = await sessions(database)
    return tuple(
        ServiceSize(service.name, grouped.get(service.schema, ()), connections.get(service.name, 0))
        for service in database.place.services
    )


async def sessions(database: Database) -> dict[str, int]:
    """Count the sessions of each service, as far as a login or an application's name tells whose they are."""
    services = database.place.services
    names, roles = [service.name for service in services], [service.role for service in services]
    return dict(await database.rows("sessions", services=names, roles=roles))


async def room(endpoint: Endpoint) -> Room:
    """Ask a server how many sessions it takes. Raises TargetError where it can't be reached."""
    async with session(endpoint) as connection:
        with endpoint.translating_errors("can't read how many sessions it takes"):
            cursor = await connection.execute(queries.load("capacity"))
            row = await cursor.fetchone()
    return Room(*row[:3]) if row else Room(0)
