"""Bring a database to a revision, say which it has, and find where it differs from the models.

What is migrated is a catalog: its models, and the folder of its revisions, one branch a service. How Alembic runs
them is the same for all (``alembic/env.py``, found inside an installed package as well as in a checkout, without an
alembic.ini). Nothing here prints.
"""

import io
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import psycopg
from alembic import command
from alembic.runtime.migration import MigrationContext
from alembic.script.revision import RangeNotAncestorError
from alembic.util import CommandError
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from payrollx_db.errors import FindingsError, PayrollxError, StateConflictError, TargetError
from payrollx_db.model.catalog import Catalog
from payrollx_db.model.finding import Finding
from payrollx_db.model.layout import LIFTED
from payrollx_db.postgres import connect, errors, sqlstates
from payrollx_db.postgres.pooled import SyncConnection
from payrollx_db.postgres.resolve import resolved
from payrollx_db.postgres.settings import COMMON
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import (
    audit,
    ddl,
    drift,
    extras,
    migration_lock,
    protection,
    revisions,
    server_features,
    tenant_versions,
)
from payrollx_db.schema.tenant_versions import TenantVersion

LOCK_WAIT = "5min"  # for another migration to end
TABLE_WAIT = "30s"  # for a table; who waits longer blocks all who come after

NO_TENANT = text("SELECT pg_catalog.set_config(:setting, '', true)")  # as long as the transaction

NO_SETTINGS: Mapping[str, str] = MappingProxyType({})

# Alembic's context is a global: two threads that migrate two databases take turns.
alembic_lock = threading.Lock()


@dataclass(frozen=True)
class Result:
    """What a migration did: the revisions run, in their order, and where each service is now."""

    applied: tuple[str, ...] = ()
    current: Mapping[str, str] = field(default_factory=dict)


def upgrade(
    url: DatabaseUrl,
    catalog: Catalog,
    *,
    service: str | Sequence[str] | None = None,
    revision: str | None = None,
    protected: Collection[str] = (),
) -> Result:
    """Bring the database up to ``revision``, or the newest; with ``service``, that service (or those) alone.

    ``protected`` are those of the catalog's protected tables that the revisions may change.
    All or nothing, in one transaction. Of two at once, one waits. Foreign keys between services are made where
    both tables are in this database. Raises ConfigurationError for an unknown service or revision, TargetError
    where the database can't be reached or changed, or is too old for the models, FindingsError where rows stand
    in the way of such a key, and StateConflictError where the database is at a revision that this version doesn't
    know, or a protected table that isn't named would be changed.
    """
    chosen = service or revisions.all_services(catalog)
    target = revisions.target(catalog, chosen, revision or ("head" if chosen else "heads"))
    names = revisions.names_of(catalog, chosen) or [known.name for known in catalog.services]
    return _run(command.upgrade, url, catalog, target, protected, schemas=[catalog.service(n).schema for n in names])


def downgrade(
    url: DatabaseUrl, catalog: Catalog, *, revision: str, service: str | None = None, protected: Collection[str] = ()
) -> Result:
    """Take the database back to ``revision`` (``base``: to nothing); with ``service``, that service alone.

    The tables that go take their rows with them, and nothing enforces any more what other services' rows
    say of them. Otherwise as ``upgrade``.
    """
    return _run(command.downgrade, url, catalog, revisions.target(catalog, service, revision), protected)


def offline_sql(catalog: Catalog, *, service: str | None = None, revision: str | None = None) -> str:
    """Return the SQL that brings an empty database up to ``revision``, for psql. Raises as ``upgrade``."""
    chosen = service or revisions.all_services(catalog)
    target = revisions.target(catalog, chosen, revision or ("head" if chosen else "heads"))
    written = io.StringIO()
    with alembic_lock:
        command.upgrade(revisions.configuration(catalog, written), target, sql=True)  # type: ignore[arg-type] # it takes several, too
    return written.getvalue()


def current(url: DatabaseUrl, catalog: Catalog) -> dict[str, str]:
    """Return the revision of each service that the database has. Raises TargetError, StateConflictError."""
    with connection(url) as looking, translating_errors(url):
        return _current(looking, catalog)


def recorded(opened: Connection, catalog: Catalog) -> dict[str, str]:
    """Return what `current` does, of an open connection, which then looks as the owner role.

    A lifted catalog has no revisions: each service whose schema is there is at ``lift``.
    """
    if catalog.lifted:
        opened.execute(ddl.look_as(catalog.owner_role))
        there = set(opened.exec_driver_sql("SELECT nspname::text FROM pg_catalog.pg_namespace").scalars())
        return {service.name: LIFTED for service in catalog.services if service.schema in there}
    current_ones = _current(opened, catalog)
    if any(service.tenant for service in catalog.services):
        versions = tenant_versions.recorded(opened)
        here = (service for service in catalog.services if service.tenant and service.schema in versions)
        current_ones |= {service.name: versions[service.schema].revision for service in here}
    return current_ones


def record(opened: Connection, catalog: Catalog, service: str, revision: str | None) -> None:
    """Record that ``service`` is at ``revision``, or that the database doesn't have it; for who brings or takes it.

    In the connection's transaction, which must act as the owner role. The version table is made where there is none.
    Nothing records a lifted catalog's.
    """
    if catalog.lifted:
        return
    known = catalog.service(service)
    if known.tenant:
        if revision is None:
            tenant_versions.forget(opened, known.schema)
        else:
            tenant_versions.record(opened, TenantVersion(known.tenant, known.schema, revision))
        return
    migration = MigrationContext.configure(opened, opts=options(catalog))
    migration.stamp(revisions.script_directory(catalog), f"{service}@{revision or 'base'}")


def branches(catalog: Catalog) -> dict[str, tuple[str, ...]]:
    """Return the revisions of each service that there are, oldest first; of a lifted catalog one, ``lift``."""
    if catalog.lifted:
        return {service.name: (LIFTED,) for service in catalog.services}
    newest_first = list(revisions.script_directory(catalog).walk_revisions())
    return {
        service.name: tuple(
            s.revision for s in reversed(newest_first) if (service.template or service.name) in s.branch_labels
        )
        for service in catalog.services
    }


def check(url: DatabaseUrl, catalog: Catalog, *, service: str | Sequence[str] | None = None) -> list[Finding]:
    """Return where the database differs from the models: of all services, or of these.

    Of a service that isn't at its newest revision, only that is reported. Changes nothing. Raises
    ConfigurationError for an unknown service, TargetError, StateConflictError.
    """
    names = revisions.names_of(catalog, service) or [known.name for known in catalog.services]
    scripts = revisions.script_directory(catalog)
    newest = {name: scripts.get_revision(f"{name}@head").revision for name in names}
    with connection(url) as looking, translating_errors(url):
        there = _current(looking, catalog)
        behind = [name for name in names if there.get(name) != newest[name]]
        differences = [_behind(catalog, name, there.get(name, "no revision"), newest[name]) for name in behind]
        schemas = frozenset(catalog.service(name).schema for name in names if name not in behind)
        if catalog.template is not None:  # the tenants' column has it for its default, which Alembic computes
            looking.execute(NO_TENANT, {"setting": catalog.template.setting})
        differences += drift.find(looking, catalog.models, schemas, options(catalog, schemas, looking))
        differences += extras.find(looking, catalog, schemas)
        return differences + audit.find(looking, catalog.models, schemas, catalog.owner_role)


def options(
    catalog: Catalog, schemas: frozenset[str] | None = None, opened: Connection | None = None
) -> dict[str, Any]:
    """Return how Alembic is configured, wherever it runs: what to compare, and where its own table lies.

    ``opened`` is the connection on which it compares; it is asked then, and not before.
    """
    compared = schemas if schemas is not None else frozenset(known.schema for known in catalog.services)
    partitions = drift.Partitions(opened)

    def include_name(name: str | None, kind: str, parents: Any) -> bool:
        if kind == "table":
            return (parents.get("schema_name"), name) not in partitions
        return kind != "schema" or name in compared

    def include_object(item: Any, _name: str | None, kind: str, _reflected: bool, other: Any) -> bool:
        if kind == "index":
            return other is None or not drift.has_collation(item, other)
        return kind != "table" or item.schema in compared

    return {
        "catalog": catalog,  # for what revisions call: `ddl.begin_service` and its like
        "target_metadata": catalog.models,
        "version_table_schema": ddl.META,
        "include_schemas": True,
        "include_name": include_name,
        "include_object": include_object,
        "compare_type": drift.compare_type,
        "compare_server_default": True,
    }


@contextmanager
def connection(
    url: DatabaseUrl, *, lock_timeout: str = TABLE_WAIT, settings: Mapping[str, str] = NO_SETTINGS
) -> Iterator[Connection]:
    """Connect once, with our settings and these, whatever the role's are. Raises TargetError where that fails.

    They are there before SQLAlchemy asks for the default schema: as a role named "auth", whose search_path starts
    with "$user", it would take the schema auth for the default one and see none of its tables.
    """
    ours = {**COMMON, "lock_timeout": lock_timeout, **settings}
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: connect.connect(url, ours, autocommit=False), poolclass=NullPool
    )
    with translating_errors(url):
        opened = engine.connect()
    try:
        yield opened
    finally:
        with suppress(DBAPIError, psycopg.Error):  # a session that is lost has nothing to give back
            opened.close()


def renew(opened: Connection) -> None:
    """Undo what is open in a session that `connection` has opened, and make it as it was then, for who comes next.

    Raises the driver's error where the session is lost.
    """
    opened.rollback()
    driver = driver_of(opened)
    driver.autocommit = True  # DISCARD can't be undone, so it isn't for transactions
    connect.renew(driver, {**COMMON, "lock_timeout": TABLE_WAIT})
    driver.autocommit = False


@contextmanager
def locked_connection(
    url: DatabaseUrl, catalog: Catalog, *, settings: Mapping[str, str] = NO_SETTINGS
) -> Iterator[Connection]:
    """Connect, once no other migration of this database runs. Raises TargetError, naming it, where one won't end.

    Raises PooledError where a pooler stands before the server.

    The lock is held by a connection of its own, so that it outlives whatever becomes of the transaction.
    """
    with connection(url, lock_timeout=LOCK_WAIT) as guard:
        refuse_pooler(guard, url, "it can't keep other migrations out, which a session of one's own does")
        with translating_errors(url):
            holder = migration_lock.acquire(guard, catalog)
        if holder:
            raise TargetError(
                f"another migration of {url.masked} is at work: {holder}",
                hint="wait for it, or end that session; then run the same command again",
            )
        try:
            with connection(place_of(guard, url), settings=settings) as opened:
                yield opened
        finally:
            try:
                migration_lock.release(guard, catalog)
            except (DBAPIError, psycopg.Error):
                if not guard.invalidated:  # the server gives back what a session held that it has ended
                    raise


def driver_of(opened: Connection) -> SyncConnection:
    """Return psycopg's connection beneath one that `connection` has opened: for what SQLAlchemy has no words for."""
    driver = opened.connection.driver_connection
    assert isinstance(driver, SyncConnection)  # noqa: S101 # `connection` makes no others
    return driver


def place_of(opened: Connection, url: DatabaseUrl) -> DatabaseUrl:
    """Return the URL of the one place that this connection, opened by ``url``, is with: for those that follow."""
    driver = opened.connection.driver_connection
    return resolved(url, driver) if isinstance(driver, SyncConnection) else url


def refuse_pooler(opened: Connection, url: DatabaseUrl, reason: str) -> None:
    """Raise PooledError, with ``reason``, where a pooler stands before the server of this connection."""
    driver = opened.connection.driver_connection
    if isinstance(driver, SyncConnection) and driver.pooler:
        raise connect.pooler_error(url, reason, where=driver.pooler)


def forget(migration: MigrationContext) -> None:
    """For env.py, after the last revision went: drop the version table. Its schema goes when the lock is released."""
    migration.execute(text('DROP TABLE "payrollx_meta"."alembic_version"'))


def _run(
    action: Any,
    url: DatabaseUrl,
    catalog: Catalog,
    target: str | tuple[str, ...],
    protected: Collection[str],
    *,
    schemas: Collection[str] = (),
) -> Result:
    """Run Alembic's ``action`` to ``target``. ``schemas`` are those whose tables it may make."""
    protection.refuse_unknown(catalog, protected)
    applied: list[str] = []

    def remember(*, step: Any, **_: Any) -> None:
        applied.append(step.up_revision_id)

    with locked_connection(url, catalog) as opened, translating_errors(url):
        before = _current(opened, catalog)  # a database of another version is refused before anything runs
        opened.rollback()
        server_features.refuse_older(driver_of(opened).info.server_version, catalog.models, schemas, url.masked)
        try:
            with alembic_lock:
                action(
                    revisions.configuration(catalog, connection=opened, on_version_apply=remember, protected=protected),
                    target,
                )
        except CommandError as error:
            if isinstance(error.__cause__, RangeNotAncestorError):  # nothing lies above the target
                return Result((), before)
            raise StateConflictError(f"{url.masked} can't be brought to {target}: {error}") from error
        return Result(tuple(applied), _current(opened, catalog))


def _current(opened: Connection, catalog: Catalog) -> dict[str, str]:
    opened.execute(ddl.look_as(catalog.owner_role))
    heads = MigrationContext.configure(opened, opts=options(catalog)).get_current_heads()
    scripts = revisions.script_directory(catalog)
    known = {script.revision for script in scripts.walk_revisions()}
    if unknown := sorted(set(heads) - known):
        raise StateConflictError(
            f"the database is at revision {', '.join(unknown)}, which this version doesn't know",
            hint="use the version of payrollx-db that migrated it, or a newer one",
        )
    reached = scripts.get_all_current(heads) if heads else set()
    labels = {label: script.revision for script in reached for label in script.branch_labels}
    return {service.name: labels[service.name] for service in catalog.services if service.name in labels}


def _behind(catalog: Catalog, service: str, revision: str, newest: str) -> Finding:
    finding = drift.difference("behind", service, f"is at {revision}, the newest is {newest}")
    return replace(finding, subject=service, remedy=catalog.command("migrate"))


@contextmanager
def translating_errors(url: DatabaseUrl) -> Iterator[None]:
    """Turn the errors of a database into ours, within the block."""
    try:
        yield
    except (DBAPIError, psycopg.Error) as error:
        raise _failure(url, error) from errors.cause(error)


ORPHANS = (
    "bring that service's rows in with payrollx-db service import; or, if it lives in another database,"
    " name the services that live in this one with --service"
)
HINTS = {
    audit.NO_LOG: "migrate the service of that log into this database too, or mark the table with another log",
    sqlstates.FORBIDDEN: "the role that migrates needs CREATE on the database, and CREATEROLE unless a DBA has run"
    " what payrollx-db roles --sql prints, and granted it the owner role; what was there before, in the services'"
    " schemas and in payrollx_meta, has to be that role's: payrollx-db roles --check names what isn't, and a second"
    " catalog takes another database",
    sqlstates.LOCK_NOT_AVAILABLE: "another migration or a long transaction holds it: end that, or try again later",
    sqlstates.NO_SUCH_DATABASE: "create the database first",
    "2BP01": "something that no migration made depends on it: drop or move that first",
    "08": "check DATABASE_URL, and that the server is up and has that database",
    "28": "check the user name and the password in DATABASE_URL, and whether pg_hba.conf lets this user in from here",
}


def _failure(url: DatabaseUrl, error: DBAPIError | psycopg.Error) -> PayrollxError:
    state = errors.sqlstate(error)
    if state == sqlstates.ORPHANED:
        what = f"{url.masked} holds rows that point at rows of another service which aren't there; nothing was changed"
        return FindingsError(what, hint=ORPHANS, details=tuple(errors.message(error).split("; ")))
    did = "answered" if state else "can't be reached"
    return errors.to_error(error, f"{url.masked} {did}", url, TargetError, HINTS)
