"""All tenants' schemas brought to the newest revision of their template: several at once, each in its own transaction.

One that fails is named, and the others go on; the next call does what is left. What would lose values is refused.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from payrollx_db.errors import ConfigurationError, PayrollxError, StateConflictError
from payrollx_db.model.catalog import Catalog
from payrollx_db.model.instances import template_of
from payrollx_db.postgres.pooled import SyncConnection
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import ddl, migrate
from payrollx_db.tenants.lifecycle.losses import (
    candidates,
    deleted_rows,
    emptied_columns,
    files_of,
    filled,
    losses,
    rewritten,
    rows_of,
    shape_of,
    updated_tables,
)
from payrollx_db.tenants.lifecycle.registry import RegistryTable
from payrollx_db.tenants.migrating import Migrated, TenantMigrations

# A deadlock, a serialization failure, and "tuple concurrently updated": two grants on one thing.
CONCURRENT = frozenset({"40P01", "40001", "XX000"})

# A server's process remembers what it has looked at, of each tenant some; so it isn't kept for all of them.
TENANTS_A_SESSION = 50

State = Literal["made", "migrated", "up to date", "failed"]


@dataclass(frozen=True)
class TenantMigrated:
    """What became of one tenant: the revisions that ran, where it is now, and why it failed, if it did."""

    tenant: str
    schema: str
    state: State
    applied: tuple[str, ...] = ()
    revision: str = ""
    problem: str = ""
    details: tuple[str, ...] = ()
    hint: str = ""
    met_others: bool = False  # it failed by what others did at the same moment

    def document(self) -> dict[str, Any]:
        """Return it as plain data, for ``--json``."""
        return {
            "tenant": self.tenant, "schema": self.schema, "state": self.state, "applied": list(self.applied),
            "revision": self.revision, "problem": self.problem, "details": list(self.details), "hint": self.hint,
        }  # fmt: skip


@dataclass
class Sessions:
    """Sessions of one database that serve one tenant after the other, each as if it were new.

    One that is new has to read first how the server's own catalogs look, which takes longer than many a revision.
    """

    url: DatabaseUrl
    idle: list[tuple[ExitStack, Connection, int]] = field(default_factory=list)

    @contextmanager
    def one(self) -> Iterator[Connection]:
        """Yield a session. It is closed where the block raises. Raises TargetError where none can be had."""
        try:
            ending, opened, served = self.idle.pop()
        except IndexError:
            ending, served = ExitStack(), 0
            opened = ending.enter_context(migrate.connection(self.url))
        with ExitStack() as closes:
            closes.callback(ending.close)
            yield opened
            if served + 1 < TENANTS_A_SESSION and _renewed(opened):
                self.idle.append((ending, opened, served + 1))
                closes.pop_all()

    def close(self) -> None:
        """Close those that nobody uses."""
        while self.idle:
            self.idle.pop()[0].close()


Watch = Callable[[TenantMigrated], None]


def migrate_all(
    url: DatabaseUrl, catalog: Catalog, *, tenants: Sequence[str] = (), also: Iterable[str] = (), jobs: int = 2,
    allow_loss: bool = False, watch: Watch = lambda _: None,
) -> list[TenantMigrated]:  # fmt: skip
    """Migrate the schemas of ``tenants``, or of all that the registry or an earlier call knows, and of those ``also``.

    A tenant that has a database of its own is migrated there. ``watch`` hears of each that is done. Raises
    ConfigurationError where tenants share their tables or one isn't known, TargetError where the registry's database
    can't be had, and StateConflictError where that isn't migrated itself.
    """
    if template_of(catalog).shape == "shared":
        raise ConfigurationError(
            f"the tenants of {catalog.name} share their tables", hint=f"{catalog.command('migrate')} migrates these"
        )
    migrations = TenantMigrations(catalog)
    with (
        migrate.locked_connection(url, catalog) as opened,
        migrate.translating_errors(url),
        closing(Sessions(url)) as sessions,
    ):
        places = _places(catalog, migrations, opened, tenants) | dict.fromkeys(also, "")
        opened.rollback()
        for tenant in tenants:
            if tenant not in places:
                raise ConfigurationError(f"there is no tenant {tenant!r}", hint=catalog.command("tenant list"))
        chosen = [tenant for tenant in places if not tenants or tenant in set(tenants)]

        def work(tenant: str) -> TenantMigrated:
            done = _one(sessions, places[tenant], migrations, tenant, allow_loss=allow_loss)
            if not done.met_others:
                watch(done)
            return done

        # The first alone: what all of them need beside their schemas is made with it, once.
        results = [work(tenant) for tenant in chosen[:1]]
        with ThreadPoolExecutor(max(jobs, 1)) as threads:
            results += threads.map(work, chosen[1:])
        # What two of them have kept each other from is done alone.
        for number, result in enumerate(results):
            if result.met_others:
                results[number] = _one(
                    sessions, places[result.tenant], migrations, result.tenant, allow_loss=allow_loss
                )
                watch(results[number])
        made = [one.tenant for one in results if one.state == "made" and not places[one.tenant]]
        if made:
            opened.execute(ddl.script(migrations.connecting(made)))
            opened.commit()
    return results


def _places(
    catalog: Catalog, migrations: TenantMigrations, opened: Connection, chosen: Sequence[str]
) -> dict[str, str]:
    """Return the URL of each tenant's own database, empty where its schema is here.

    Those of the registry come first, then what only an earlier call knows. One without a schema gets it if it is
    chosen: a row may be there before its tenant is to have tables.
    """
    recorded = migrations.recorded(opened)
    registry = RegistryTable(catalog, opened)
    places = {}
    for row in registry.rows():
        if own := registry.url(row.id):
            places[row.id] = own
        elif row.id in chosen or migrations.service(row.id).schema in recorded:
            places[row.id] = ""
    return places | {version.tenant: "" for version in recorded.values() if version.tenant not in places}


def _renewed(opened: Connection) -> bool:
    """Make a session as new; tell whether it is: what was to be done with it is done, though it be lost by now."""
    try:
        migrate.renew(opened)
    except (DBAPIError, psycopg.Error):
        return False
    return True


def _one(
    sessions: Sessions, own: str, migrations: TenantMigrations, tenant: str, *, allow_loss: bool
) -> TenantMigrated:
    schema = migrations.service(tenant).schema
    try:
        url = DatabaseUrl.parse(own, name=f"the registry's URL of the tenant {tenant}") if own else sessions.url
        connecting = migrate.connection(url) if own else sessions.one()
        with connecting as opened, migrate.translating_errors(url):
            before = migrations.recorded(opened).get(schema)
            if before is not None and not before.exists:
                raise _gone(migrations.catalog, tenant, schema)
            if before is not None and before.revision == migrations.revisions[-1]:
                return TenantMigrated(tenant, schema, "up to date", revision=before.revision)
            done = _upgrade(opened, migrations, tenant, schema, allow_loss=allow_loss)
            opened.commit()
    except PayrollxError as error:
        return TenantMigrated(
            tenant, schema, "failed", problem=error.message, details=error.details, hint=error.hint,
            met_others=getattr(error, "sqlstate", "") in CONCURRENT,
        )  # fmt: skip
    return TenantMigrated(tenant, schema, "made" if done.new else "migrated", done.applied, done.revision)


def _gone(catalog: Catalog, tenant: str, schema: str) -> StateConflictError:
    return StateConflictError(
        f"the schema {schema} is gone, and not by {catalog.command('tenant drop')}",
        hint=f"bring it back from a backup: {catalog.command(f'service restore {schema}')}; if it is to be gone:"
        f" {catalog.command(f'tenant drop {tenant}')}",
    )


def _upgrade(
    opened: Connection, migrations: TenantMigrations, tenant: str, schema: str, *, allow_loss: bool
) -> Migrated:
    driver = migrate.driver_of(opened)
    before, files = shape_of(driver, schema), files_of(driver, schema)
    attempt = opened.begin_nested()
    done = migrations.upgrade(opened, tenant)
    if allow_loss or not before:
        return done
    shape, updated = shape_of(driver, schema), updated_tables(driver, schema)
    changed, deleted = candidates(before, shape), deleted_rows(driver, schema)
    values = filled(driver, schema, shape, updated)
    emptied = {name: rows_of(driver, schema, now) for name, now in rewritten(files, files_of(driver, schema)).items()}
    if not changed and not deleted and not emptied and not updated:
        return done
    attempt.rollback()
    fewer = [
        f"{name}: {rows - left:,} rows are gone"
        for name, left in emptied.items()
        if (rows := rows_of(driver, schema, name)) > left
    ]
    nulls = emptied_columns(before, filled(driver, schema, before, updated), values)
    _refuse_losses(driver, schema, tenant, [*deleted, *fewer, *nulls], changed)
    return migrations.upgrade(opened, tenant)


def _refuse_losses(
    driver: SyncConnection, schema: str, tenant: str, deleted: Sequence[str], changed: Sequence[Any]
) -> None:
    lost = (*deleted, *losses(driver, schema, changed))
    if lost:
        raise StateConflictError(
            f"the migration would lose what the tenant {tenant} has; its schema is as it was", details=lost,
            hint="bring the values elsewhere in a revision before; or add --allow-loss if they may go",
        )  # fmt: skip
