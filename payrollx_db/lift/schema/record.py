"""What was lifted before: recorded in the target, in the transaction that made it.

This table is no numbered migration of the runs' state, and stands apart from it: schemas are lifted before there is any
run, in a transaction that a dry run undoes, while the state's migrations each commit and run under a run's own lock.
The state's version is told by its own tables alone, so a state of any version has the table or hasn't it.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import sql

from payrollx_db import __version__
from payrollx_db.lift.schema.model import Move
from payrollx_db.lift.schema.source import Source
from payrollx_db.lift.schema.target import Target
from payrollx_db.postgres import query_files
from payrollx_db.postgres.steps import perform
from payrollx_db.postgres.structure import read_structure
from payrollx_db.schema.roles import statements

queries = query_files.beside(__name__)

EXISTS = "SELECT pg_catalog.to_regclass('payrollx_meta.lifted_schemas') IS NOT NULL"
READ = """
SELECT schema, source_database, source_schema, source_fingerprint, dump_major, structure
FROM payrollx_meta.lifted_schemas WHERE schema = ANY (%s)
"""
RELATIONS = """
SELECT n.nspname::text, c.relname::text
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND c.relkind IN ('r', 'p', 'f', 'v', 'm')
"""
# What is granted, published or filled afterwards changes nothing about what was lifted.
PASSING = frozenset({"privileges", "published in", "not populated"})


@dataclass(frozen=True)
class Record:
    """What a lift of a schema left behind for the next one."""

    schema: str
    database: str
    source_schema: str
    fingerprint: str
    dump_major: int
    structure: str


def read(target: Target, moves: Sequence[Move]) -> dict[str, Record]:
    """Return what is recorded of these schemas, by schema."""
    if target.ask(EXISTS) != [(True,)]:
        return {}
    rows = target.ask(READ, [[move.schema for move in moves]])
    return {schema: Record(schema, *rest) for schema, *rest in rows}


def write(target: Target, move: Move, source: Source, owner: str) -> None:
    """Record that a schema was lifted."""
    target.change(statements.make_schema(statements.META, owner), f"can't make the schema {statements.META}")
    make = sql.SQL(queries.load("make_record")).format(owner=sql.Identifier(owner))
    target.change(make, f"can't make the table of what was lifted in {statements.META}")
    values: dict[str, str | int] = {
        "schema": move.schema,
        "service": move.service,
        "database": source.database,
        "source_schema": move.source_schema,
        "fingerprint": source.fingerprint,
        "major": source.clients.major,
        "structure": structure(target, move.schema),
        "version": __version__,
    }
    literals = {name: sql.Literal(value) for name, value in values.items()}
    target.change(sql.SQL(queries.load("insert_record")).format(**literals), "can't record what was lifted")


def structure(target: Target, schema: str) -> str:
    """Return what is equal as long as the structure of a schema stays as it is."""
    tables = target.ask(RELATIONS, [schema])
    with target.endpoint.translating_errors("can't read its structure"):
        objects = perform(target.connection, read_structure((str(space), str(name)) for space, name in tables))
    described = sorted(
        (*thing.key, json.dumps({k: v for k, v in thing.properties.items() if k not in PASSING}, sort_keys=True))
        for thing in objects
    )
    return hashlib.sha256(json.dumps(described).encode()).hexdigest()
