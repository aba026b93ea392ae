"""What a schema holds, as a manifest records it: tables with their proofs, enum types, grants.

Rows are hashed in the canonical form in which a consolidation compares its two sides, so that the same
rows have the same sums in every database.
"""

from collections.abc import Iterable

from psycopg import sql

from payrollx_db.backup.manifest import Grant, TableRecord
from payrollx_db.backup.session import Session
from payrollx_db.consolidate.plan.conversion import canonical, form
from payrollx_db.postgres.compare import Fingerprint, buckets_for
from payrollx_db.postgres.introspect import Table, read_enums, read_tables
from payrollx_db.postgres.sides import Side
from payrollx_db.postgres.steps import perform

ROW = "r"


def tables(at: Session, schemas: Iterable[str]) -> list[Table]:
    """Return the tables of these schemas, by name. Foreign tables hold no rows of their own."""
    by_name = perform(at.raw, read_tables(sorted(schemas)))
    return [table for table in by_name.values() if table.kind != "f"]


def record(at: Session, table: Table, bucket_count: int | None = None) -> TableRecord:
    """Hash a table's rows in this transaction, into that many buckets (default: as fits its size)."""
    columns = {c.name: canonical(sql.Identifier(ROW, c.name), c.type) for c in table.columns}
    forms = {c.name: form(c.type) for c in table.columns}
    key = table.primary_key or tuple(columns)
    source = sql.SQL("{} AS {}").format(table.identifier, sql.Identifier(ROW))
    side = Side(at.endpoint, source, tuple((name, columns[name]) for name in key), tuple(columns.items()), forms=forms)
    count = bucket_count or buckets_for(table.rows)
    sums = {bucket: (rows, total) for bucket, rows, total in at.run(side.sums(count))}
    return TableRecord.of(table.name, key, tuple(columns), Fingerprint.of(sums, count))


def records(at: Session, schema: str) -> tuple[TableRecord, ...]:
    """Return the records of all tables of a schema."""
    return tuple(record(at, table) for table in tables(at, [schema]))


def differences(at: Session, schema: str, expected: Iterable[TableRecord]) -> list[str]:
    """Return what of ``expected`` the schema doesn't hold as it was, a line a table. Acts as the tables' owner."""
    hiding = hiding_tables(at, [schema])  # which the owner, who acts here, may end as long as it compares
    for table in hiding:
        at.run(sql.SQL("ALTER TABLE {} NO FORCE ROW LEVEL SECURITY").format(table.identifier))
    lines = _differences(at, schema, expected)
    for table in hiding:
        at.run(sql.SQL("ALTER TABLE {} FORCE ROW LEVEL SECURITY").format(table.identifier))
    return lines


def hiding_tables(at: Session, schemas: Iterable[str]) -> list[Table]:
    """Return the tables of these schemas whose row security holds for their owner as well."""
    hiding = {(schema, name) for schema, name in at.ask("hiding", schemas=list(schemas))}
    return [table for table in tables(at, {schema for schema, _ in hiding}) if (table.schema, table.name) in hiding]


def count_rows(at: Session, schema: str) -> int:
    """Count the rows of a schema; of tables that hide theirs from us, about as many as the server believes."""
    hiding = {(table.schema, table.name) for table in hiding_tables(at, [schema])}
    count = sql.SQL("SELECT pg_catalog.count(*) FROM {}")
    return sum(
        max(table.rows, 1)
        if (table.schema, table.name) in hiding
        else int(at.run(count.format(table.identifier))[0][0])
        for table in tables(at, [schema])
    )


def _differences(at: Session, schema: str, expected: Iterable[TableRecord]) -> list[str]:
    recorded = {table.name: table for table in expected}
    present = {table.name: table for table in tables(at, [schema])}
    lines = [f"{schema}.{name} is there and wasn't in the backup" for name in present.keys() - recorded.keys()]
    for name, was in recorded.items():
        if name not in present:
            lines.append(f"{schema}.{name} is missing")
            continue
        line = _difference(record(at, present[name], was.bucket_count), was)
        lines += [f"{schema}.{name} {line}"] if line else []
    return sorted(lines)


def enums(at: Session, schema: str) -> dict[str, tuple[str, ...]]:
    """Return the enum types of a schema, with their labels."""
    return perform(at.raw, read_enums(schema))


def publications(at: Session, schema: str) -> set[tuple[str, str]]:
    """Return the publications that tables of a schema are in, each with the table's name."""
    return {(publication, table) for publication, table in at.ask("publications", schema=schema)}


def grants(at: Session, schema: str) -> tuple[Grant, ...]:
    """Return what roles other than the owner may do with a schema and what is in it.

    A privilege on columns names them: ``SELECT (email)``.
    """
    rows = at.ask("grants", schema=schema)
    return tuple(Grant(kind, name, grantee, tuple(privileges)) for kind, name, grantee, privileges in rows)


def _difference(now: TableRecord, was: TableRecord) -> str:
    if now.columns != was.columns:
        return f"has the columns {', '.join(now.columns)}, and had {', '.join(was.columns)}"
    if now.rows != was.rows:
        return f"has {now.rows:,} rows, and had {was.rows:,}"
    buckets = now.buckets.keys() | was.buckets.keys()
    other = sum(now.buckets.get(b) != was.buckets.get(b) for b in buckets)
    return f"has other rows, in {other} of {len(buckets)} buckets" if other else ""
