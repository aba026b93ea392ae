"""How backups, restores and services look to people."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from payrollx_db.cli.render import console

if TYPE_CHECKING:
    from payrollx_db.backup.handover import Dropped
    from payrollx_db.backup.listing import Presence
    from payrollx_db.backup.manifest import Backup
    from payrollx_db.backup.restore import Restored
    from payrollx_db.model.catalog import Service

MEGABYTE = 1e6
# What is to be known of a backup's signature, after its time.
TRUST = {
    "unsigned": " (not signed)",
    "other key": " (signed with another key)",
    "changed": " (changed after it was signed)",
    "no key": " (signature not checked)",
}


def show_services(found: "Iterable[Presence]") -> None:
    """Print the services, a line each."""
    made = console.table(
        ("service", "left"), ("database", "left"), ("revision", "left"), ("tables", "right"), ("rows", "right"),
        ("MB", "right"), ("last backup", "left"),
    )  # fmt: skip
    for one in found:
        rows = "?" if one.rows is None else f"{'' if one.exact else '~'}{one.rows:,}"
        last = f"{one.last_backup:%Y-%m-%d %H:%M}{TRUST.get(one.signature or '', '')}" if one.last_backup else "none"
        there = (str(one.tables), rows, f"{one.size / MEGABYTE:,.1f}") if one.revision else ("", "", "")
        made.add_row(one.service.name, one.database.dbname, one.revision or "not here", *there, last)
    console.answer_table(made)


def show_backups(made: "Iterable[Backup]") -> None:
    """Print what was backed up."""
    table = console.table(("backup", "left"), ("revision", "left"), ("rows", "right"), ("MB", "right"))
    for backup in made:
        size = f"{backup.manifest.dump_bytes / MEGABYTE:,.1f}"
        table.add_row(str(backup.folder), backup.manifest.revision, f"{backup.manifest.rows:,}", size)
    console.answer_table(table)


def document(backup: "Backup") -> dict[str, Any]:
    """Return a backup as plain data, for ``--json``."""
    said = backup.manifest
    return {
        "backup": str(backup.folder),
        "service": said.service,
        "revision": said.revision,
        "taken_at": said.taken_at.isoformat(),
        "together": list(said.together),
        "tables": {table.name: table.rows for table in said.tables},
        "rows": said.rows,
        "bytes": said.dump_bytes,
        "sha256": said.dump_sha256,
    }


def show_restored(done: "Restored") -> None:
    """Print what was restored, and what is to be known of it."""
    table = console.table(("table", "left"), ("rows", "right"), ("as in the backup", "left"))
    for one in done.manifest.tables:
        table.add_row(f"{done.manifest.schema}.{one.name}", f"{one.rows:,}", "yes")
    console.answer_table(table)
    for reference in done.enforced:
        console.note(f"foreign key, valid: {reference}")
    for reference in done.loosened:
        console.note(f"not enforced, because its other table is not in this database: {reference}")
    if done.ungranted:
        console.note("granted when the backup was made, but not now; grant again what is still needed:")
    for grant in done.ungranted:
        console.note(f"  {grant}")
    if done.unpublished:
        console.note("published before, but not now; publish it again, and start its subscribers anew:")
    for publication in done.unpublished:
        console.note(f"  {publication}")
    if done.behind:
        console.note(
            f"the backup is of revision {done.manifest.revision}; hint: payrollx-db migrate applies the newer ones"
        )


def note_exported(service: "Service") -> None:
    """Say what is to be done next."""
    name = service.name
    console.note(
        f"hint: create a login in {service.role} on the new server; set {name.upper()}_DATABASE_URL to it; when nothing"
        f" writes to the old database any more, call payrollx-db service drop {name} --loosen"
    )


def note_imported(service: "Service") -> None:
    """Say what is to be done next."""
    console.note(f"hint: unset {service.name.upper()}_DATABASE_URL, and restart the processes that use it")


def show_dropped(done: "Dropped") -> None:
    """Print what was removed."""
    console.answer(f"dropped {done.service}: {done.rows:,} rows, which the backup {done.backup.folder} holds")
    for reference in done.loosened:
        console.note(f"not enforced any more: {reference}")
