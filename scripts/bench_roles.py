"""Measures what grows with the schemas: building the catalog, `migrate`'s grants, and `roles --check`.

    scripts/bench_roles.py --schemas 1000 --tables 5 postgresql://postgres@127.0.0.1:5432/scratch

The database must be one that may be filled; its schemas and roles are called ``many_0000`` and so on, and stay there.
"""

import argparse
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table

from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema.roles import statements
from payrollx_db.schema.roles.check import check

OWNER, READER = "many_owner", "many_reader"


def main() -> None:
    """Fill the database where it is empty, then measure each step once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--schemas", type=int, default=1000)
    parser.add_argument("--tables", type=int, default=5)
    arguments = parser.parse_args()
    names = [f"many_{number:04}" for number in range(arguments.schemas)]
    metadata = _metadata(names, arguments.tables)
    with _measured("Catalog.of"):
        services = [Service(name, schema=name, role=name) for name in names]
        catalog = Catalog.of("many", metadata, services, owner_role=OWNER, reader_role=READER)
    url = DatabaseUrl.parse(arguments.url)
    with psycopg.connect(url.conninfo(), autocommit=True) as connection:
        with _measured("roles"):
            _run(connection, statements.roles(catalog))
        _fill(connection, catalog)
        for step in ("grants", "grants again"):
            with _measured(step):
                _run(connection, statements.grants(catalog))
    with _measured("roles --check"):
        report = check(url, catalog)
    sys.stdout.write(f"{len(report.findings)} findings, {report.checked:,} privileges\n")


def _metadata(names: list[str], tables: int) -> MetaData:
    metadata = MetaData()
    for name in names:
        for number in range(tables):
            parent = [Column("parent", Integer, ForeignKey(f"{name}.t{number - 1}.id"))] if number else []
            Table(f"t{number}", metadata, Column("id", Integer, primary_key=True), *parent, schema=name)
    return metadata


def _fill(connection: psycopg.Connection, catalog: Catalog) -> None:
    with connection.transaction():
        connection.execute("SET LOCAL client_min_messages = error")
    for service in catalog.services:
        schema = sql.Identifier(service.schema)
        statement = sql.SQL("CREATE SCHEMA IF NOT EXISTS {} AUTHORIZATION {}; SET ROLE {};").format(
            schema, sql.Identifier(OWNER), sql.Identifier(OWNER)
        )
        for table in service.tables:
            made = "CREATE TABLE IF NOT EXISTS {} (id serial PRIMARY KEY, parent integer);"
            statement += sql.SQL(made).format(sql.Identifier(service.schema, table))
        connection.execute(statement + sql.SQL("RESET ROLE"))


def _run(connection: psycopg.Connection, script: str) -> None:
    with connection.transaction():
        connection.execute(sql.SQL("").join([sql.SQL(script)]))


@contextmanager
def _measured(step: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"{step:<14} {seconds:8.2f} s   peak {memory:,.0f} MB\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
