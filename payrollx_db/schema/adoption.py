"""Take on tables that no migration of ours has made: those of a database from which the models were drafted."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, text

from payrollx_db.errors import FindingsError, StateConflictError
from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.postgres import locks
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import ddl, drift, extras, migrate

SHOWN = 20  # differences, in a message

SCHEMAS = text("""
    SELECT nspname, owner.rolname, count(*) FILTER (WHERE relowner <> nspowner) AS others
    FROM pg_catalog.pg_namespace
    JOIN pg_catalog.pg_roles AS owner ON owner.oid = nspowner
    LEFT JOIN pg_catalog.pg_class ON relnamespace = pg_namespace.oid AND relkind IN ('r', 'p', 'v', 'm', 'S')
    WHERE nspname = ANY (:schemas)
    GROUP BY nspname, owner.rolname
""")


def adopt(url: DatabaseUrl, catalog: Catalog, *, service: str | Sequence[str] | None = None) -> migrate.Result:
    """Record services as being at their newest revision whose schemas are there and match the models.

    Of all services, or of these; those that have a revision already stay as they are. Keys between services, grants
    and audit triggers are made as by any migration. Raises FindingsError where a table isn't as the models say,
    StateConflictError where a schema is missing or belongs to another role, otherwise as `migrate.upgrade`.
    """
    names = [service] if isinstance(service, str) else list(service or (one.name for one in catalog.services))
    with migrate.locked_connection(url, catalog) as opened, migrate.translating_errors(url):
        before = migrate.recorded(opened, catalog)
        opened.rollback()
        chosen = [catalog.service(name) for name in names if name not in before]
        _refuse_others(opened, catalog, chosen)
        _refuse_differences(opened, catalog, frozenset(one.schema for one in chosen))
        opened.rollback()
        for statement in (
            ddl.roles(catalog),
            ddl.make_schema(ddl.META, catalog.owner_role),
            ddl.act_as(catalog.owner_role),
            ddl.statement(locks.make_tables(catalog.owner_role)),
        ):
            opened.execute(statement)
        newest = {name: revisions[-1] for name, revisions in migrate.branches(catalog).items()}
        for one in chosen:
            migrate.record(opened, catalog, one.name, newest[one.name])
        opened.commit()
    done = migrate.upgrade(url, catalog, service=names)
    return replace(done, applied=tuple(newest[one.name] for one in chosen))


def _refuse_others(opened: Connection, catalog: Catalog, chosen: Sequence[Service]) -> None:
    """Refuse schemas that aren't there, and those in which something isn't the owner role's."""
    rows = opened.execute(SCHEMAS, {"schemas": [one.schema for one in chosen]}).all()
    there = {schema: (owner, others) for schema, owner, others in rows}
    missing = [one.schema for one in chosen if one.schema not in there]
    if missing:
        raise StateConflictError(
            f"there is no schema {', '.join(missing)} to be adopted", hint=f"{catalog.command('migrate')} makes it"
        )
    if foreign := sorted(schema for schema, (owner, others) in there.items() if owner != catalog.owner_role or others):
        raise StateConflictError(
            f"not all of {', '.join(foreign)} belongs to {catalog.owner_role}",
            hint=f"run what {catalog.command('roles --sql')} prints, then what {catalog.command('roles --check')} says",
        )


def _refuse_differences(opened: Connection, catalog: Catalog, schemas: frozenset[str]) -> None:
    opened.execute(ddl.look_as(catalog.owner_role))
    compared = migrate.options(catalog, schemas, opened)
    differences = drift.find(opened, catalog.models, schemas, compared) + extras.find(opened, catalog, schemas)
    # A key between two services is made as soon as both are recorded.
    lines = [one.message for one in differences if not (one.code == "missing" and one.place.startswith("foreign key "))]
    if lines:
        more = [f"and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
        raise FindingsError(
            f"the database differs from the models in {'1 place' if len(lines) == 1 else f'{len(lines)} places'}",
            details=(*lines[:SHOWN], *more),
            hint="change the models or the database; nothing was recorded",
        )
