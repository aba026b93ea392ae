"""The check: what would fail or lie later, found before a byte moves."""

from collections.abc import Iterable

from psycopg import sql

from payrollx_db.consolidate import references, values
from payrollx_db.consolidate.compare import Side, compare
from payrollx_db.consolidate.connect import Endpoint, run, session
from payrollx_db.consolidate.findings import EXAMPLES, Finding
from payrollx_db.consolidate.inspect import Column, Table
from payrollx_db.consolidate.mapping import ROW, ColumnPlan, TablePlan, from_item
from payrollx_db.consolidate.plan import Plan
from payrollx_db.consolidate.rules import canonical
from payrollx_db.consolidate.tasks import limited

MANY = 1_000  # how many drifted rows are looked at for the columns that differ


async def check(plan: Plan, sources: dict[str, Endpoint], target: Endpoint, *, jobs: int) -> list[Finding]:
    """Look for everything in the sources that the copy could not carry over as it is.

    Reads only: on the sources in read-only transactions, on the target into temporary tables that
    vanish. Raises SourceError or TargetError.
    """
    prisma = [db for db in plan.layout.databases if db.name in plan.sources and plan.layout.migrations == "prisma"]
    unfinished = await limited([_prisma(sources[legacy.name], legacy.schema) for legacy in prisma], jobs)
    looked = await limited([values.look(table, sources[table.database]) for table in plan.copies], jobs)
    known = {found.table.place: found for found in looked}
    duplicates = {table.source_name: table for table in plan.merges}.values()
    drifted = await limited([_drift(table, plan, sources) for table in duplicates], jobs)
    orphans = await references.orphans(plan, known, sources, target)
    found = [f for group in (*unfinished, *drifted, orphans, *(v.findings for v in looked)) for f in group]
    return sorted(found, key=lambda finding: (finding.place, finding.code))


async def _prisma(endpoint: Endpoint, schema: str) -> list[Finding]:
    """Find migrations that failed or never finished: the schema may be half of two."""
    table = sql.Identifier(schema, "_prisma_migrations")
    async with session(endpoint) as connection:
        with endpoint.blamed("can't read its migrations"):
            there = sql.SQL("SELECT pg_catalog.to_regclass(%s)")
            if (await run(connection, there, (table.as_string(None),)))[0][0] is None:
                return []
            query = sql.SQL(
                "SELECT migration_name FROM {} WHERE finished_at IS NULL AND rolled_back_at IS NULL ORDER BY started_at"
            ).format(table)
            names = [row[0] for row in await run(connection, query)]
    place = f"{endpoint.name}.{schema}._prisma_migrations"
    message = "failed or unfinished migration; settle it with prisma migrate resolve"
    return [Finding("prisma-unfinished", "block", place, len(names), message, tuple(names[:EXAMPLES]))] if names else []


async def _drift(duplicate: TablePlan, plan: Plan, sources: dict[str, Endpoint]) -> list[Finding]:
    """Compare a duplicate table with its owner's, both as they are: what can't be converted can be compared still."""
    owner = _owner(duplicate, plan)
    if owner is None:
        return []  # the owner's table is missing, which is a mismatch of the plan
    shared = [(c, own) for c in duplicate.source.columns if (own := owner.column(c.name)) is not None]
    mine = _raw_side(duplicate.source, [c for c, _ in shared], owner, sources[duplicate.database])
    theirs = _raw_side(owner, [c for _, c in shared], owner, sources[duplicate.owner or ""])
    result = await compare(mine, theirs, rows=duplicate.source.rows, limit=MANY, contained=True)
    columns = ", ".join(dict.fromkeys(name for d in result.differences for name in d.columns))
    place = f"{duplicate.source_name}.{'+'.join(name for name, _ in mine.key)}"
    found = []
    for kind, code, count, message in (
        ("changed", "drift", result.changed, f"not as in {duplicate.owner}: {columns}"),
        ("missing", "stranded", result.missing, f"not in {duplicate.owner} at all"),
    ):
        if count:
            keys = [", ".join(str(part) for part in d.key.values()) for d in result.differences if d.kind == kind]
            found.append(Finding(code, "block", place, count, message, tuple(keys[:EXAMPLES])))
    return found


def _owner(duplicate: TablePlan, plan: Plan) -> Table | None:
    schema = next((db.schema for db in plan.layout.databases if db.name == duplicate.owner), "")
    found = plan.sources.get(duplicate.owner or "")
    return found.tables.get(f"{schema}.{duplicate.source.name}") if found else None


def _raw_side(table: Table, columns: Iterable[Column], owner: Table, endpoint: Endpoint) -> Side:
    values = {c.name: canonical(sql.Identifier(ROW, c.name), c.type) for c in columns}
    key = tuple((name, values[name]) for name in owner.primary_key if name in values) or tuple(values.items())
    return Side(endpoint, from_item(table), key, tuple(values.items()))


def side_of(table: TablePlan, endpoint: Endpoint, columns: Iterable[ColumnPlan] | None = None) -> Side:
    """Return the source's side of a comparison: its rows through their transforms."""
    chosen = table.columns if columns is None else tuple(columns)
    return Side(
        endpoint,
        table.from_clause,
        tuple((c.target.name, c.source_canonical) for c in table.key),
        tuple((c.target.name, c.source_canonical) for c in chosen),
    )


def target_side(table: TablePlan, endpoint: Endpoint) -> Side:
    """Return the target's side of a comparison: its rows as they are."""
    return Side(
        endpoint,
        table.target_from,
        tuple((c.target.name, c.target_canonical) for c in table.key),
        tuple((c.target.name, c.target_canonical) for c in table.columns),
    )
