"""How backups, restores and services look to people."""

from collections.abc import Collection, Iterable, Sequence
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


def show_services(services: "Iterable[Presence]") -> None:
    """Print the services, a line each."""
    table = console.table(
        ("service", "left"), ("database", "left"), ("revision", "left"), ("tables", "right"), ("rows", "right"),
        ("MB", "right"), ("last backup", "left"),
    )  # fmt: skip
    for presence in services:
        rows = "?" if presence.rows is None else f"{'' if presence.exact else '~'}{presence.rows:,}"
        trust = TRUST.get(presence.signature or "", "")
        last = f"{presence.last_backup:%Y-%m-%d %H:%M}{trust}" if presence.last_backup else "none"
        size = f"{presence.size / MEGABYTE:,.1f}"
        sizes = (str(presence.tables), rows, size) if presence.revision else ("", "", "")
        revision = presence.revision or "not here"
        table.add_row(presence.service.name, presence.database.dbname, revision, *sizes, last)
    console.answer_table(table)


def answer_backups(
    written: "Sequence[Backup]", proven: "Collection[str]", pruned: "Sequence[Backup]", *, as_json: bool
) -> None:
    """Print what was backed up and which older backups are deleted, as a table or as one JSON document."""
    if as_json:
        documents = [document(one) | {"proven": one.manifest.service in proven} for one in written]
        console.answer_json({"backups": documents, "deleted": [str(old.folder) for old in pruned]})
        return
    for old in pruned:
        console.note(f"deleted {old.folder}")
    show_backups(written, proven)


def show_backups(backups: "Sequence[Backup]", proven: "Collection[str]") -> None:
    """Print what was backed up, and which services are ``proven`` to hold what can be restored."""
    table = console.table(
        ("backup", "left"), ("revision", "left"), ("rows", "right"), ("MB", "right"), ("can be restored", "left")
    )
    for backup in backups:
        size = f"{backup.manifest.dump_bytes / MEGABYTE:,.1f}"
        tried = "proven" if backup.manifest.service in proven else "not tried"
        table.add_row(str(backup.folder), backup.manifest.revision, f"{backup.manifest.rows:,}", size, tried)
    console.answer_table(table)
    for backup in backups:
        if backup.manifest.needs:
            needs = ", ".join(map(str, backup.manifest.needs))
            console.note(f"{backup.manifest.service} needs, wherever it is restored: {needs}")


def document(backup: "Backup") -> dict[str, Any]:
    """Return a backup as plain data, for ``--json``."""
    manifest = backup.manifest
    return {
        "backup": str(backup.folder),
        "service": manifest.service,
        "revision": manifest.revision,
        "taken_at": manifest.taken_at.isoformat(),
        "together": list(manifest.together),
        "tables": {table.name: table.rows for table in manifest.tables},
        "rows": manifest.rows,
        "bytes": manifest.dump_bytes,
        "sha256": manifest.dump_sha256,
    }


def show_restored(restored: "Restored") -> None:
    """Print what was restored, and what is to be known of it."""
    table = console.table(("table", "left"), ("rows", "right"), ("as in the backup", "left"))
    for counted in restored.manifest.tables:
        table.add_row(f"{restored.manifest.schema}.{counted.name}", f"{counted.rows:,}", "yes")
    console.answer_table(table)
    for reference in restored.enforced:
        console.note(f"foreign key, valid: {reference}")
    for reference in restored.loosened:
        console.note(f"not enforced, because its other table is not in this database: {reference}")
    if restored.ungranted:
        console.note("granted when the backup was made, but not now; grant again what is still needed:")
    for grant in restored.ungranted:
        console.note(f"  {grant}")
    if restored.unpublished:
        console.note("published before, but not now; publish it again, and start its subscribers anew:")
    for publication in restored.unpublished:
        console.note(f"  {publication}")
    if restored.behind:
        console.note(
            f"the backup is of revision {restored.manifest.revision}; hint: payrollx-db migrate applies the newer ones"
        )


def note_exported(service: "Service") -> None:
    """Say what to do next."""
    name = service.name
    console.note(
        f"hint: create a login in {service.role} on the new server; set {name.upper()}_DATABASE_URL to it; when nothing"
        f" writes to the old database any more, call payrollx-db service drop {name} --loosen"
    )


def note_imported(service: "Service") -> None:
    """Say what to do next."""
    console.note(f"hint: unset {service.name.upper()}_DATABASE_URL, and restart the processes that use it")


def show_dropped(dropped: "Dropped") -> None:
    """Print what was removed."""
    console.answer(f"dropped {dropped.service}: {dropped.rows:,} rows, which the backup {dropped.backup.folder} holds")
    for reference in dropped.loosened:
        console.note(f"not enforced any more: {reference}")
