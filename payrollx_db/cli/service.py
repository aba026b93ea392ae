"""``payrollx-db service``: one service at a time, backed up, restored, handed over, taken back."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from payrollx_db.cli import options, shapes, signing
from payrollx_db.cli.backup_options import backup_to_restore, chosen_backup, folder_of_backups, unsigned
from payrollx_db.cli.command import group
from payrollx_db.cli.destructive import confirm, destructive_option, yes
from payrollx_db.cli.render import backups as archives
from payrollx_db.cli.render import console
from payrollx_db.cli.service_questions import (
    accept_extras,
    confirm_deleting,
    confirm_replacing,
    held_back,
    note_held_back,
)
from payrollx_db.errors import ConfigurationError

if TYPE_CHECKING:
    from payrollx_db.backup.clients import Clients
    from payrollx_db.backup.create import Step
    from payrollx_db.backup.manifest import Backup
    from payrollx_db.model.catalog import Catalog, Service
    from payrollx_db.postgres.url import DatabaseUrl

_extras = destructive_option(
    "--extras", is_flag=True,
    help="Bring what no migration makes as well: functions, triggers, views and the like.",
)  # fmt: skip
_name = click.argument("name", metavar="SERVICE")


@group(example="payrollx-db service list")
def service() -> None:
    """Back up or restore one service; export it to a database of its own, or import it again."""


@service.command("list", example="payrollx-db service list")
@options.database_url
@options.catalog
@folder_of_backups
@signing.key_file
@click.option("--exact", is_flag=True, help="Count the rows instead of using the server's estimate.")
@options.as_json
def list_(
    *, database_url: str | None, catalog: str, folder: Path, key_file: Path | None, exact: bool, as_json: bool
) -> None:
    """List the services, each with its database, revision, tables, rows, size and last backup."""
    from payrollx_db.backup import listing, manifest

    known = options.catalog_here(catalog, database_url)
    last = manifest.newest_of_each(folder)
    key = signing.key_if_any(key_file, folder) if last else None
    homes = options.homes((one.name for one in known.services), database_url)
    presences = [
        one
        for url, names in homes
        for one in listing.presences(url, known, options.named_services(known, names), last, key, exact=exact)
    ]
    if as_json:
        console.answer_json([presence.document() for presence in presences])
    else:
        archives.show_services(presences)
        if all(presence.revision is None for presence in presences):
            databases = ", ".join(url.masked for url, _ in homes)
            console.note(f"no service is in {databases}: {known.command('migrate')} makes them, or check DATABASE_URL")


@service.command(example="payrollx-db service backup --all --dir backups")
@options.database_url
@options.catalog
@click.argument("names", metavar="[SERVICE]...", nargs=-1)
@click.option(
    "--all",
    "every",
    is_flag=True,
    envvar="PAYROLLX_SERVICE_BACKUP_ALL",
    help="Back up every service; those of one database as of one moment.",
)
@click.option(
    "--prove/--no-prove",
    default=None,
    envvar="PAYROLLX_SERVICE_BACKUP_PROVE",
    show_default="--prove with --all, and for what models can't say",
    help="Restore each backup in a transaction that is undone; keep only those that can be restored.",
)
@folder_of_backups
@destructive_option("--keep", type=click.IntRange(min=1), metavar="N",
                    help="Keep the N newest backups of each service of this database, delete older ones.")  # fmt: skip
@signing.key_file
@yes
@options.as_json
def backup(
    *,
    database_url: str | None,
    catalog: str,
    names: tuple[str, ...],
    every: bool,
    prove: bool | None,
    folder: Path,
    keep: int | None,
    key_file: Path | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Back up SERVICE: its schema alone, with a signed manifest of hashes that prove its content."""
    from payrollx_db.backup import create as backups

    if bool(names) == every:
        raise click.UsageError("Name the services, or give --all.")
    known = options.catalog_here(catalog, database_url)
    chosen = options.named_services(known, dict.fromkeys(names)) or known.services
    if keep:
        confirm_deleting(folder, chosen, keep, yes=yes)
    homes = options.homes((one.name for one in chosen), database_url)
    key = signing.key_or_new(key_file, folder)
    proven: set[str] = set()

    def note(step: "Step") -> None:
        note_step(step)
        proven.update([step.service] if step.what == backups.PROVEN else [])

    written: list[Backup] = []
    failure: backups.UnrestorableError | None = None
    for url, there in homes:
        services = options.named_services(known, there)
        proves = _proves(url, services, asked=prove, every=every)
        try:
            written += backups.backup(url, known, services, folder, find_clients, note, key=key, prove=proves)
        except backups.UnrestorableError as error:  # the others are as good as without it
            written += error.kept
            failure = error
    pruned = [old for one in written for old in (backups.prune(folder, one, keep, key) if keep else [])]
    archives.answer_backups(written, proven, pruned, as_json=as_json)
    if failure:
        raise failure


@service.command(example="payrollx-db service restore auth --dir backups")
@options.database_url
@options.catalog
@_name
@folder_of_backups
@backup_to_restore
@signing.key_file
@unsigned
@_extras
@yes
@options.as_json
def restore(
    *,
    database_url: str | None,
    catalog: str,
    name: str,
    folder: Path,
    chosen: str | None,
    key_file: Path | None,
    unsigned: bool,
    extras: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Restore SERVICE from a backup, replacing what is there. The result is verified, or nothing is changed."""
    from payrollx_db.backup import restore as restores

    known = options.catalog_here(catalog, database_url, name)
    chosen_service = options.named_service(known, name)
    backup = chosen_backup(chosen_service, folder, chosen)
    key = None if unsigned else signing.key_of(key_file, backup)
    restores.check(backup, known, chosen_service, key)
    url = options.home(chosen_service.name, database_url)
    confirm_replacing(url, known, chosen_service, backup.folder.name, yes=yes)
    accept = accept_extras(extras=extras)
    restored = restores.restore(backup, url, known, known.models, find_clients, note_step, key=key, accept=accept)
    if as_json:
        console.answer_json({"backup": str(backup.folder)} | restored.document())
    else:
        archives.show_restored(restored)
    if chosen_service.tenant:
        console.note(f"the registry is as it was: {known.command(f'tenant restore {chosen_service.tenant}')} does more")


@service.command(example="payrollx-db service export auth --to postgresql://migrator@new-server/auth")
@options.database_url
@options.catalog
@_name
@click.option("--to", metavar="URL", help="URL of the service's own database; by default SERVICE_DATABASE_URL.")
@folder_of_backups
@signing.key_file
@_extras
@yes
@shapes.shape_options
@click.option("--extract", is_flag=True, help="With --shape legacy: take along the rows of others that it points at, "
              "their keys and readable columns.")  # fmt: skip
@options.as_json
def export(
    *, database_url: str | None, catalog: str, name: str, to: str | None, shape: str, layout: str, extract: bool,
    as_json: bool, **rest: Any,
) -> None:  # fmt: skip
    """Export SERVICE: its schema, rows, roles and migration record go to a database of its own.

    The unified database keeps its copy until `payrollx-db service drop`. In the legacy shape go the old tables, made by
    the inverse of the layout and proven identical, so that the domain's own code goes on; that database must be empty.
    """
    known = options.catalog_here(catalog, database_url)
    chosen_service = options.named_service(known, name)
    own = _own(chosen_service, to, "--to")
    unified = _source(chosen_service, database_url, own)
    held = held_back(unified, known, chosen_service)
    if shape == "legacy":
        shapes.export(
            known, chosen_service, layout, unified, own, extract=extract, yes=rest["yes"], as_json=as_json, held=held
        )
        return
    shapes.refuse_options_of_legacy()
    _bring(known, chosen_service, unified, own, as_json=as_json, quarantined=held, **rest)
    if not as_json:
        note_held_back(unified, held)
        archives.note_exported(chosen_service)


@service.command("import", example="payrollx-db service import auth --from postgresql://migrator@new-server/auth")
@options.database_url
@options.catalog
@_name
@click.option("--from", "origin", metavar="URL", envvar="PAYROLLX_SERVICE_IMPORT_FROM",
              help="URL of the service's own database; by default SERVICE_DATABASE_URL.")  # fmt: skip
@folder_of_backups
@signing.key_file
@_extras
@yes
@shapes.shape_options
@options.as_json
def import_(
    *, database_url: str | None, catalog: str, name: str, origin: str | None, shape: str, layout: str, as_json: bool,
    **rest: Any,
) -> int:  # fmt: skip
    """Import SERVICE from a database of its own into the unified one: the way back from export.

    From the legacy shape, its tables are migrated, copied and verified, as a consolidation does.
    """
    known = options.catalog_here(catalog, database_url)
    chosen_service = options.named_service(known, name)
    unified, own = options.unified_database(database_url), _own(chosen_service, origin, "--from")
    if shape == "legacy":
        return shapes.take_in(known, chosen_service, layout, own, unified, as_json=as_json)
    shapes.refuse_options_of_legacy()
    _bring(known, chosen_service, own, unified, as_json=as_json, **rest)
    if not as_json:
        archives.note_imported(chosen_service)
    return 0


@service.command(example="payrollx-db service drop auth")
@options.database_url
@options.catalog
@_name
@folder_of_backups
@click.option("--backup", "chosen", metavar="BACKUP", envvar="PAYROLLX_SERVICE_DROP_BACKUP",
              help="Backup that holds what is dropped; by default the newest.")  # fmt: skip
@signing.key_file
@unsigned
@destructive_option("--loosen", is_flag=True, help="Also drop the foreign keys of other services that point at it.")
@yes
@options.as_json
def drop(
    *,
    database_url: str | None,
    catalog: str,
    name: str,
    folder: Path,
    chosen: str | None,
    key_file: Path | None,
    unsigned: bool,
    loosen: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Drop SERVICE from the unified database. A backup must hold every row of it."""
    from payrollx_db.backup import handover

    known = options.catalog_here(catalog, database_url)
    chosen_service = options.named_service(known, name)
    url = options.unified_database(database_url)
    proof = chosen_backup(chosen_service, folder, chosen)
    key = None if unsigned else signing.key_of(key_file, proof)
    confirm(f"this drops the schema {chosen_service.schema} of {url.masked}, and the rows in it", yes=yes)
    dropped = handover.drop(
        chosen_service, url, proof, catalog=known, metadata=known.models, key=key, loosen=loosen, observer=note_step
    )
    if as_json:
        console.answer_json(dropped.document())
    else:
        archives.show_dropped(dropped)


# -- private ------------------------------------------------------------------------------------------


def _bring(
    catalog: "Catalog",
    chosen_service: "Service",
    source: "DatabaseUrl",
    target: "DatabaseUrl",
    *,
    folder: Path,
    key_file: Path | None,
    extras: bool,
    yes: bool,
    as_json: bool,
    quarantined: dict[str, int] | None = None,
) -> None:
    from payrollx_db.backup import handover

    confirm_replacing(target, catalog, chosen_service, f"what {source.masked} has", yes=yes)
    moved = handover.hand_over(
        chosen_service, source, target, folder, catalog=catalog, metadata=catalog.models, find=find_clients,
        key=signing.key_or_new(key_file, folder), accept=accept_extras(extras=extras), observer=note_step,
    )  # fmt: skip
    if as_json:
        left = {} if quarantined is None else {"quarantined": quarantined}
        console.answer_json(moved.document() | left)
    else:
        archives.show_restored(moved.restored)


def _proves(url: "DatabaseUrl", services: "Sequence[Service]", *, asked: bool | None, every: bool) -> bool | None:
    """Tell whether backups of ``url`` are proven: as asked, else all of --all, where the role can.

    ``None`` leaves it to what each dump holds.
    """
    from payrollx_db.backup import proof
    from payrollx_db.backup.session import session

    if asked is not None or not every:
        return asked
    with session(url) as at:
        reason = proof.obstacle(at, services)
    if reason:
        console.note(f"{url.masked}: not proven that these backups can be restored: {reason}")
    return not reason


def _own(chosen_service: "Service", text: str | None, option: str) -> "DatabaseUrl":
    from payrollx_db.facade.variables import variable
    from payrollx_db.postgres.url import DatabaseUrl

    name = variable(chosen_service.name)
    url = text or os.environ.get(name)
    if not url:
        raise ConfigurationError(
            f"the URL of {chosen_service.name}'s own database is not set", hint=f"pass {option} URL, or set {name}"
        )
    return DatabaseUrl.parse(url, name=option if text else name)


def _source(chosen_service: "Service", text: str | None, own: "DatabaseUrl") -> "DatabaseUrl":
    """Return the database that a service leaves: the one in which it is placed, unless that is where it goes to."""
    from payrollx_db.facade.variables import variable

    if os.environ.get(variable(chosen_service.name)):
        placed = options.home(chosen_service.name, text)
        if placed.plain != own.plain:
            return placed
    return options.unified_database(text)


def find_clients(version: int) -> "Clients":
    """Return the programs of Postgres that fit a server's version number. Raises ConfigurationError without any."""
    from payrollx_db.backup.clients import Clients
    from payrollx_db.devserver.programs import folders

    return Clients.find(version, folders())


def note_step(step: "Step") -> None:
    """Tell what was done for a service."""
    console.note(f"{step.service}: {step.what}")
