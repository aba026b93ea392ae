"""What shape the followed tables have, compared when the log says that something of them may have changed."""

import hashlib
from collections.abc import Collection, Iterable, Iterator

from payrollx_db.consolidate.follow.flow import Flow
from payrollx_db.consolidate.follow.keys import rows_of
from payrollx_db.postgres.introspect import Table, read_tables
from payrollx_db.postgres.replication.errors import ShapeChangedError
from payrollx_db.postgres.session import Connection, render_sql
from payrollx_db.postgres.steps import perform_async


async def refuse_changed(connection: Connection, flow: Flow, described: Collection[int]) -> None:
    """Raise ShapeChangedError where a table, by its oid among ``described``, isn't as the plan has it any more.

    Reads in the transaction of ``connection``, which is on the side that is read. Raises what the driver raises.
    """
    expected = [table for table in flow.tables if table.oid in described]
    if not expected:
        return
    found = await perform_async(connection, read_tables(sorted({table.schema for table in expected})))
    by_oid = {table.oid: table for table in found.values()}
    changes = [change for table in expected for change in _changes(table, by_oid.get(table.oid))]
    if changes:
        raise ShapeChangedError(
            f"tables of {flow.read.name} have changed since they are followed",
            details=tuple(changes),
            hint="undo the change; or account for it in the layout (and migrate), and bring over what differs:"
            " payrollx-db follow --resync",
        )


def fingerprint(flow: Flow) -> str:
    """Return a fingerprint of how the flow's rows are made: with another one, rows that are there may be others."""
    moves = sorted((move.name, render_sql(rows_of(move, None))) for move in flow.moves)
    return hashlib.sha256(repr(moves).encode()).hexdigest()[:16]


def _changes(planned: Table, found: Table | None) -> Iterator[str]:
    if found is None:
        yield f"{planned.full_name} isn't there any more"
        return
    if found.full_name != planned.full_name:
        yield f"{planned.full_name} is called {found.full_name}"
    if found.primary_key != planned.primary_key:
        yield f"{planned.full_name} has another primary key"
    before, now = dict(_shapes(planned)), dict(_shapes(found))
    for name in dict.fromkeys((*before, *now)):
        if before.get(name) != now.get(name):
            old, new = before.get(name, "not there"), now.get(name, "not there")
            yield f"{planned.full_name}.{name}: {old} before, {new} now"


def _shapes(table: Table) -> Iterable[tuple[str, str]]:
    return ((column.name, f"{column.shape}{' generated' if column.generated else ''}") for column in table.columns)
