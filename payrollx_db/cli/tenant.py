"""``payrollx-db tenant``: one tenant at a time, or all of them."""

import asyncio
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from payrollx_db.catalogs import registry
from payrollx_db.cli import options, signing
from payrollx_db.cli.backup_options import backup_to_restore, chosen_backup, folder_of_backups, unsigned
from payrollx_db.cli.command import group
from payrollx_db.cli.destructive import confirm, destructive_option, yes
from payrollx_db.cli.progress import showing
from payrollx_db.cli.render import console
from payrollx_db.cli.render import tenants as render
from payrollx_db.errors import ConfigurationError

if TYPE_CHECKING:
    from payrollx_db.model.catalog import Catalog
    from payrollx_db.tenants.lifecycle.migrating_all import TenantMigrated

FINDINGS = 3

_id = click.argument("tenant", metavar="ID")
_layout = click.option(
    "--from", "layout", metavar="LAYOUT", envvar="PAYROLLX_TENANT_FROM", default=None,
    help="Layout whose registry names the tenants, too: those that are to be copied.",
)  # fmt: skip


@group(example="payrollx-db tenant list --catalog koinonia")
def tenant() -> None:
    """Make, list, migrate, suspend, move, export, drop or restore the tenants of a catalog with a template."""


@tenant.command(example="payrollx-db tenant create c7kq --set name='St. Mark' --set email=office@st-mark.example")
@options.database_url
@options.catalog
@_id
@click.option("--set", "details", multiple=True, metavar="NAME=VALUE", help="A detail of the sign-up; repeatable.")
@options.as_json
def create(*, database_url: str | None, catalog: str, tenant: str, details: tuple[str, ...], as_json: bool) -> None:
    """Make the tenant ID: its schema and role, its row in the registry, its first rows and routes; all or nothing."""
    from payrollx_db.tenants.lifecycle import creating

    known = registry.find(catalog)
    made = creating.create(options.unified_database(database_url), known, tenant, _details(details))
    if as_json:
        console.answer_json(made.document())
    else:
        console.answer(f"{made.id} is in the schema {made.schema}, at {made.revision}; its role is {made.role}")


@tenant.command("list", example="payrollx-db tenant list --catalog koinonia")
@options.database_url
@options.catalog
@options.as_json
def list_(*, database_url: str | None, catalog: str, as_json: bool) -> None:
    """List the tenants of the registry: where each one lives, its plan and status, the revision of its schema."""
    from payrollx_db.tenants.lifecycle import ending

    listed = ending.list_tenants(options.unified_database(database_url), registry.find(catalog))
    if as_json:
        console.answer_json([one.document() for one in listed])
    else:
        render.show_list(listed)


@tenant.command(example="payrollx-db tenant migrate --from legacy --jobs 2")
@options.database_url
@options.catalog
@click.argument("tenants", metavar="[ID]...", nargs=-1)
@_layout
@click.option("--jobs", type=click.IntRange(1, 64), metavar="N", default=min(4, os.cpu_count() or 1),
              show_default="CPUs, up to 4", envvar="PAYROLLX_TENANT_JOBS",
              help="Number of tenants to migrate at once.")  # fmt: skip
@destructive_option("--allow-loss", is_flag=True,
                    help="Run revisions that drop columns, tables or rows with values in them.")  # fmt: skip
@options.as_json
def migrate(
    *, database_url: str | None, catalog: str, tenants: tuple[str, ...], layout: str | None, jobs: int,
    allow_loss: bool, as_json: bool,
) -> int:  # fmt: skip
    """Bring the schemas of all tenants to the newest revision of their template, or only those of ID.

    One that fails is named, and the others go on; the same command again does what is left. What would lose values is
    refused. With --from, schemas are made for the tenants that the legacy registry names. Exit code 3: one failed.
    """
    from payrollx_db.tenants.lifecycle import migrating_all

    known = registry.find(catalog)
    url = options.unified_database(database_url)
    also = _legacy_tenants(known, layout, database_url) if layout else ()
    with showing():
        results = migrating_all.migrate_all(
            url, known, tenants=tenants, also=also, jobs=jobs, allow_loss=allow_loss
        )  # fmt: skip
    _answer_migrated(results, as_json=as_json)
    return FINDINGS if any(one.state == "failed" for one in results) else 0


@tenant.command(example="payrollx-db tenant suspend c7kq")
@options.database_url
@options.catalog
@_id
@options.as_json
def suspend(*, database_url: str | None, catalog: str, tenant: str, as_json: bool) -> None:
    """Keep services out of the tenant ID: they are told that it is suspended."""
    _set_status(database_url, catalog, tenant, suspended=True, as_json=as_json)


@tenant.command(example="payrollx-db tenant resume c7kq")
@options.database_url
@options.catalog
@_id
@options.as_json
def resume(*, database_url: str | None, catalog: str, tenant: str, as_json: bool) -> None:
    """Let services into the tenant ID again."""
    _set_status(database_url, catalog, tenant, suspended=False, as_json=as_json)


@tenant.command(example="payrollx-db tenant export c7kq --to postgresql://localhost/st_mark")
@options.database_url
@options.catalog
@_id
@click.option("--to", metavar="URL", required=True, help="URL of an empty database; it is made where it is missing.")
@click.option("--layout", metavar="LAYOUT", default="legacy", show_default=True, envvar="PAYROLLX_TENANT_LAYOUT",
              help="Layout that says what the old tables are.")  # fmt: skip
@yes
@options.as_json
def export(
    *, database_url: str | None, catalog: str, tenant: str, to: str, layout: str, yes: bool, as_json: bool
) -> None:
    """Fill a database of the old shape with the rows of the tenant ID, for one that leaves. It stays here as well."""
    from payrollx_db.postgres.databases import create_if_missing
    from payrollx_db.postgres.url import DatabaseUrl
    from payrollx_db.tenants.lifecycle import ending

    known = registry.find(catalog)
    target = DatabaseUrl.parse(to, name="--to")
    if create_if_missing(target):
        console.note(f"made the database {target.masked}")
    with showing() as observer:
        story = ending.export(
            options.unified_database(database_url), known, registry.layout(known, layout), tenant, target,
            replace_unfinished=yes, watch=observer,
        )  # fmt: skip
        done = asyncio.run(story)
    if as_json:
        console.answer_json({"tenant": tenant, "to": target.masked, **done.document()})
    else:
        render.show_exported(tenant, target.masked, done)


@tenant.command(example="payrollx-db tenant move c7kq --to postgresql://new/koinonia --as koinonia-shared")
@options.database_url
@options.catalog
@_id
@click.option("--to", metavar="URL", required=True, help="URL of the unified database that it moves into, migrated.")
@click.option("--as", "there", metavar="CATALOG", envvar="PAYROLLX_TENANT_AS",
              help="Catalog of that database, where its shape is another; by default the same.")  # fmt: skip
@click.option("--via", metavar="URL", envvar="PAYROLLX_TENANT_VIA",
              show_default="made on the server of --to, named for the tenant and the time",
              help="Empty database of the old shape that it goes through, and that one can return to.")  # fmt: skip
@click.option("--layout", metavar="LAYOUT", default="legacy", show_default=True, envvar="PAYROLLX_TENANT_LAYOUT",
              help="Layout that says what the old tables are.")  # fmt: skip
@yes
@options.as_json
def move(
    *, database_url: str | None, catalog: str, tenant: str, to: str, there: str | None, via: str | None, layout: str,
    yes: bool, as_json: bool,
) -> None:  # fmt: skip
    """Move the tenant ID into another unified database, of the same shape or the other, and prove that it is the same.

    Services are kept out meanwhile. Its registry row, what that points at and its routes go along. Here it stays
    suspended, with its rows: tenant resume returns to them, and tenant drop removes them.
    """
    from payrollx_db.model.instances import template_of
    from payrollx_db.postgres.url import DatabaseUrl
    from payrollx_db.tenants.lifecycle import moving

    known, other = registry.find(catalog), registry.find(there or catalog)
    here = moving.Place(options.unified_database(database_url), known, registry.layout(known, layout))
    target = moving.Place(DatabaseUrl.parse(to, name="--to"), other, registry.layout(other, layout))
    name = f"{template_of(known).place_of(tenant)[:48]}_{datetime.now(UTC):%y%m%d%H%M%S}"
    through = DatabaseUrl.parse(via, name="--via") if via else target.url.with_database(name)
    confirm(f"this keeps services out of the tenant {tenant} while it moves to {target.url.masked}", yes=yes)
    with showing() as observer:
        done = asyncio.run(moving.move(here, target, tenant, through, observer=observer))
    if as_json:
        console.answer_json(done.document())
    else:
        console.answer(f"{done.id} is in {done.to}: {done.rows:,} rows of {done.tables} tables, identical")
        console.note(f"what it went through stays: {done.via}; it is suspended in {here.url.masked}")


@tenant.command(example="payrollx-db tenant drop c7kq --dir backups")
@options.database_url
@options.catalog
@_id
@folder_of_backups
@signing.key_file
@destructive_option("--without-backup", is_flag=True,
                    help="Where tenants share their tables: drop the rows, which were exported before.")  # fmt: skip
@yes
@options.as_json
def drop(
    *, database_url: str | None, catalog: str, tenant: str, folder: Path, key_file: Path | None, without_backup: bool,
    yes: bool, as_json: bool,
) -> None:  # fmt: skip
    """Drop the tenant ID, with its row in the registry and the routes that lead to it. It is backed up before."""
    from payrollx_db.cli.service import find_clients, note_step
    from payrollx_db.model.instances import template_of
    from payrollx_db.tenants.lifecycle import ending

    known, url = registry.find(catalog), options.unified_database(database_url)
    shared = template_of(known).shape == "shared"
    if shared and not without_backup:
        raise ConfigurationError(
            f"the tenants of {known.name} share their tables, of which no backup is made for one of them",
            hint=f"first {known.command(f'tenant export {tenant} --to URL')}, then add --without-backup",
        )
    confirm(f"this drops the tenant {tenant} of {url.masked}, and the rows in it", yes=yes)
    if shared:
        ended = ending.drop_shared(url, known, tenant)
    else:
        key = signing.key_or_new(key_file, folder)
        ended = ending.drop(url, known, tenant, folder, find=find_clients, key=key, observer=note_step)
    if as_json:
        console.answer_json(ended.document())
    else:
        kept = f"; its backup is {ended.backup}" if ended.backup else ""
        console.answer(f"{ended.id} is gone, with {ended.rows:,} rows{kept}")


@tenant.command(example="payrollx-db tenant restore c7kq --dir backups")
@options.database_url
@options.catalog
@_id
@folder_of_backups
@backup_to_restore
@signing.key_file
@unsigned
@yes
@options.as_json
def restore(
    *, database_url: str | None, catalog: str, tenant: str, folder: Path, chosen: str | None, key_file: Path | None,
    unsigned: bool, yes: bool, as_json: bool,
) -> None:  # fmt: skip
    """Bring the tenant ID back that was dropped: its schema and role, its rows of the registry, and its routes."""
    from payrollx_db.cli.service import find_clients, note_step
    from payrollx_db.model.instances import instance, template_of
    from payrollx_db.tenants.lifecycle import returning

    known, url = registry.find(catalog), options.unified_database(database_url)
    if template_of(known).shape == "shared":
        raise ConfigurationError(
            f"the tenants of {known.name} share their tables, of which no backup is made for one of them",
            hint="copy it from the database that it was exported into",
        )
    backup = chosen_backup(instance(known, [tenant]).services[-1], folder, chosen)
    key = None if unsigned else signing.key_of(key_file, backup)
    confirm(f"this brings the tenant {tenant} back into {url.masked}, as {backup.folder.name} has it", yes=yes)
    done = returning.bring_back(url, known, tenant, backup, find=find_clients, key=key, observer=note_step)
    if as_json:
        console.answer_json(done.document())
    else:
        console.answer(f"{done.id} is back, and {done.status}, with {done.restored.manifest.rows:,} rows")


@tenant.command("key", example="payrollx-db tenant key /etc/koinonia/tenants.key --catalog koinonia-shared")
@options.database_url
@options.catalog
@click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@options.as_json
def key_(*, database_url: str | None, catalog: str, file: Path, as_json: bool) -> int:
    """Let the databases take the key of FILE, by which services prove whose a session is; a missing one is made.

    The key before stays valid until the next one, so services may change over: give them the new one as
    PAYROLLX_TENANT_KEY. For tenants that share their tables. Exit code 3: a database couldn't be told.
    """
    from payrollx_db.tenants.lifecycle import keys

    told, is_new = keys.hand_over(options.unified_database(database_url), registry.find(catalog), file)
    if is_new:
        console.note(f"made the key in {file}: services are to have it as PAYROLLX_TENANT_KEY")
    if as_json:
        console.answer_json([one.document() for one in told])
    else:
        for one in told:
            console.answer(f"{one.database}: {one.problem or 'has the key'}")
    return FINDINGS if any(one.problem for one in told) else 0


def _details(given: Sequence[str]) -> dict[str, str]:
    details = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise click.UsageError(f"--set {pair}: give NAME=VALUE.")
        details[name] = value
    return details


def _legacy_tenants(catalog: "Catalog", layout: str, database_url: str | None) -> list[str]:
    """Return the ids of the tenants that the legacy registry names and that aren't gone."""
    from payrollx_db.cli.task import make_task
    from payrollx_db.model.events import ignore_events
    from payrollx_db.tenants.discovery import registered

    task = make_task(
        layout=layout, catalog=catalog.option or catalog.name, database_url=database_url, services=(), jobs=1,
        observer=ignore_events,
    )  # fmt: skip
    return [known.id for known in asyncio.run(registered(task))]


def _set_status(database_url: str | None, catalog: str, tenant: str, *, suspended: bool, as_json: bool) -> None:
    from payrollx_db.tenants.lifecycle import ending

    known = registry.find(catalog)
    row = ending.set_status(options.unified_database(database_url), known, tenant, suspended=suspended)
    if as_json:
        console.answer_json({"id": row.id, "status": row.status})
    else:
        console.answer(f"{row.id} is {row.status}")


def _answer_migrated(results: "Sequence[TenantMigrated]", *, as_json: bool) -> None:
    if as_json:
        console.answer_json([one.document() for one in results])
    else:
        render.show_migrated(results)
