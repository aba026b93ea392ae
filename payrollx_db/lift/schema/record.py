"""What was lifted before: recorded in the target, in the transaction that made it.

This table is no numbered migration of the runs' state, and stands apart from it: schemas are lifted before there is any
run, in a transaction that a dry run undoes, while the state's migrations each commit and run under a run's own lock.
The state's version is told by its own tables alone, so a state of any version has the table or hasn't it.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
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
WHERE n.nspname = ANY (%s) AND c.relkind IN ('r', 'p', 'f', 'v', 'm')
"""
QUOTED = "SELECT name, pg_catalog.quote_ident(name) || '.' FROM pg_catalog.unnest(%s::text[]) AS name"
# What is granted, published or filled afterwards changes nothing about what was lifted.
PASSING = frozenset({"privileges", "owner lacks", "published in", "published so", "not populated"})
# What begins a fingerprint of a structure that can be compared: how it is made has changed twice.
MADE_SO = "3:"


@dataclass(frozen=True)
class Record:
    """What a lift of a schema left behind for the next one."""

    schema: str
    database: str
    source_schema: str
    fingerprint: str
    dump_major: int
    structure: str

    @property
    def is_finished(self) -> bool:
        """Whether all of the lift is done, grants too: the structure is recorded last."""
        return bool(self.structure)

    def is_structure(self, other: str) -> bool:
        """Tell whether the structure is as it was, as far as that can be compared."""
        return not self.structure.startswith(MADE_SO) or self.structure == other


def read(target: Target, moves: Sequence[Move]) -> dict[str, Record]:
    """Return what is recorded of these schemas, by schema."""
    if target.ask(EXISTS) != [(True,)]:
        return {}
    rows = target.ask(READ, [[move.schema for move in moves]])
    return {schema: Record(schema, *rest) for schema, *rest in rows}


def write(target: Target, move: Move, source: Source, owner: str) -> None:
    """Record that a schema was lifted; its structure is still to come, see `write_structures`."""
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
        "structure": "",
        "version": __version__,
    }
    literals = {name: sql.Literal(value) for name, value in values.items()}
    target.change(sql.SQL(queries.load("insert_record")).format(**literals), "can't record what was lifted")


def write_structures(target: Target, schemas: Iterable[str]) -> None:
    """Record the structure that these schemas have now."""
    change = sql.SQL("UPDATE payrollx_meta.lifted_schemas SET structure = {} WHERE schema = {}")
    for schema, fingerprint in structures(target, schemas).items():
        target.change(change.format(sql.Literal(fingerprint), sql.Literal(schema)), "can't record the structure")


def structures(target: Target, schemas: Iterable[str]) -> dict[str, str]:
    """Return for each of these schemas what is equal as long as its structure stays as it is."""
    prefixes = {str(prefix): str(schema) for schema, prefix in target.ask(QUOTED, [list(schemas)])}
    tables = target.ask(RELATIONS, [list(prefixes.values())])
    with target.endpoint.translating_errors("can't read its structure"):
        objects = perform(target.connection, read_structure((str(space), str(name)) for space, name in tables))
    described: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    encoder = json.JSONEncoder(sort_keys=True)
    for thing in objects:
        # What lies in another schema is in the record of that one, and which table it is told with depends on the rest.
        home = next((schema for prefix, schema in prefixes.items() if thing.table.startswith(prefix)), None)
        if home is not None:
            properties = {name: value for name, value in thing.properties.items() if name not in PASSING}
            described[home].add((*thing.key, encoder.encode(properties)))
    return {
        schema: MADE_SO + hashlib.sha256(json.dumps(sorted(described[schema])).encode()).hexdigest()
        for schema in prefixes.values()
    }
