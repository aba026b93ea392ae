"""A door before a table of the target: a COPY that has brought its first row waits there until the door is opened."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from worlds import World, query, value

DOOR = 4242  # an advisory lock's key
# Of this database alone: on a server that several workers share, others have theirs.
ADVISORY = (
    "FROM pg_locks WHERE locktype = 'advisory'"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
WAITING = f"SELECT count(*) {ADVISORY} AND objid = {DOOR} AND NOT granted"


@contextmanager
def door_closed(world: World, table: str) -> Iterator[Callable[[], object]]:
    """Let no row into ``table`` until the block ends, or calls what it got: who brings one waits."""
    query(
        world.target,
        f"CREATE OR REPLACE FUNCTION {table}_door() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN PERFORM pg_advisory_xact_lock_shared({DOOR}); RETURN NEW; END $$",
    )
    query(
        world.target,
        f"CREATE OR REPLACE TRIGGER door BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_door()",
    )
    with psycopg.connect(world.target.conninfo()) as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", (DOOR,))
        yield lambda: holder.execute("SELECT pg_advisory_unlock(%s)", (DOOR,))


def at_the_door(world: World) -> int:
    """Return how many sessions wait at the door."""
    return int(value(world.target, WAITING))
