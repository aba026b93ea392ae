"""The identity copy that `bench_copy.py` measures: a catalog whose tables and types are the legacy databases' own.

Each legacy database becomes a schema of that name, with its owner tables as they are; nothing is renamed,
converted, split or merged. Run as a program, it copies, with the same environment variables as `payrollx-db copy`.
Usage: bench_identity.py [--jobs N]
"""

import argparse
import asyncio
import os
import subprocess
from collections.abc import Mapping
from dataclasses import replace

import psycopg
from psycopg import sql

from payrollx_db.consolidate import pipeline
from payrollx_db.consolidate.endpoints import endpoints, legacy_urls
from payrollx_db.devserver import Programs
from payrollx_db.legacy import LAYOUT as LEGACY
from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.model.layout import Discard, Layout, LegacyDatabase, SourceTable, TableMap
from payrollx_db.postgres.url import DatabaseUrl


def _tables(database: LegacyDatabase) -> dict[str, SourceTable]:
    return {entry.source.name: entry.source for entry in database.maps}


def _identity(database: LegacyDatabase) -> LegacyDatabase:
    """Map each owner table to one of the same name and columns; leave the duplicate tables where they are."""
    maps = tuple(
        TableMap(table, f"{database.name}.{name}", rename={column: column for column in table.columns})
        for name, table in _tables(database).items()
    )
    left = tuple(Discard(duplicate.source.name, "another database owns it") for duplicate in database.duplicates)
    tables = tuple(discard for discard in database.discards if discard.column is None)
    return replace(database, maps=maps, duplicates=(), discards=(*tables, *left))


LAYOUT = Layout("identity", tuple(map(_identity, LEGACY.databases)))
CATALOG = Catalog(
    "identity",
    tuple(Service(db.name, db.name, f"identity_{db.name}", tuple(_tables(db))) for db in LEGACY.databases),
    owner_role="identity_owner",
    reader_role="identity_reader",
)


def make_target(programs: Programs, urls: Mapping[str, DatabaseUrl], target: DatabaseUrl) -> None:
    """Give the empty database ``target`` the owner tables of each legacy database, in a schema of its name."""
    for database in LEGACY.databases:
        url = urls[database.name]
        words = [f"--table=public.{name}" for name in _tables(database)]
        dump = subprocess.run(
            [programs.folder / "pg_dump", "--schema-only", "--no-owner", "--no-privileges", *words, *where(url)],
            env=with_password(url), capture_output=True, text=True, check=True,
        )  # fmt: skip
        subprocess.run(
            [programs.folder / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", *where(target)],
            env=with_password(target), input=_types(url) + dump.stdout, stdout=subprocess.DEVNULL, text=True,
            check=True,
        )  # fmt: skip
        with psycopg.connect(target.conninfo(), autocommit=True) as connection:
            connection.execute(sql.SQL("ALTER SCHEMA public RENAME TO {}").format(sql.Identifier(database.name)))
            connection.execute("CREATE SCHEMA public")


def _types(url: DatabaseUrl) -> str:
    """Return the statements that make the enums of a database, which a dump of chosen tables leaves out."""
    query = (
        "SELECT t.typname, pg_catalog.array_agg(e.enumlabel::text ORDER BY e.enumsortorder)"
        " FROM pg_catalog.pg_type AS t JOIN pg_catalog.pg_enum AS e ON e.enumtypid = t.oid GROUP BY t.typname"
    )
    make = sql.SQL("CREATE TYPE {} AS ENUM ({});\n")
    with psycopg.connect(url.conninfo()) as connection:
        made = [
            make.format(sql.Identifier("public", name), sql.SQL(", ").join(map(sql.Literal, labels)))
            for name, labels in connection.execute(query)
        ]
        return "".join(statement.as_string(connection) for statement in made)


def where(url: DatabaseUrl) -> list[str]:
    """Return the words that tell one of Postgres' programs which database it is to talk to."""
    return ["-d", url.dbname, "-h", url.params["host"], "-p", url.params["port"], "-U", url.params["user"]]


def with_password(url: DatabaseUrl) -> dict[str, str]:
    """Return this process's environment with the password, which has no place in argv."""
    return {**os.environ, "PGPASSWORD": url.params["password"]}


def main() -> None:
    """Copy."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    target = DatabaseUrl.parse(os.environ["DATABASE_URL"])
    sources, goal = endpoints(legacy_urls(LAYOUT, os.environ), target, application_name="bench")
    asyncio.run(pipeline.copy(pipeline.Task(CATALOG, LAYOUT, sources, goal, (), options.jobs)))


if __name__ == "__main__":
    main()
