"""What the commands of one service ask a person: what a restore may run, what it replaces, and what is deleted."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from payrollx_db.cli.destructive import confirm
from payrollx_db.cli.render import console
from payrollx_db.model.wording import counted

if TYPE_CHECKING:
    from payrollx_db.backup.restore import Accept
    from payrollx_db.model.catalog import Catalog, Service
    from payrollx_db.postgres.url import DatabaseUrl


def accept_extras(*, extras: bool) -> "Accept":
    """Return what decides about extras: the option, else a person at the terminal; without one they are refused."""

    def ask(unmigrated: tuple[str, ...]) -> bool:
        if not extras and not sys.stdin.isatty():
            return False
        console.note("the backup contains these, which no migration of the catalog makes:")
        for extra in unmigrated:
            console.note(f"  {extra}")
        confirm("they run with the rights of the role that restores", yes=extras)
        return True

    return ask


def held_back(url: "DatabaseUrl", catalog: "Catalog", chosen_service: "Service") -> dict[str, int]:
    """Return how many rows of each legacy table lie in quarantine at ``url``, so that no export takes them along.

    Raises TargetError.
    """
    from payrollx_db.consolidate import status
    from payrollx_db.postgres.concurrency import answer_of
    from payrollx_db.postgres.session import Endpoint

    unified = Endpoint(url, "target", url.dbname)
    return answer_of(status.held_back(unified, catalog.name, chosen_service.schema))


def note_held_back(url: "DatabaseUrl", rows: dict[str, int]) -> None:
    """Say which rows stay behind in the quarantine, and how they are had."""
    for source, count in rows.items():
        console.note(f"in quarantine, and not handed over: {counted(count, 'row')} of {source}")
    if rows:
        console.note(
            f"hint: they stay in {url.masked}; payrollx-db quarantine list says why,"
            " payrollx-db quarantine export gives them whole"
        )


def confirm_replacing(
    url: "DatabaseUrl", catalog: "Catalog", chosen_service: "Service", what: str, *, yes: bool
) -> None:
    """Ask before ``what`` replaces rows of a service. Raises ConfigurationError where nobody says yes."""
    from payrollx_db.backup.restore import occupied

    rows = occupied(url, catalog, chosen_service)
    if rows:
        confirm(
            f"{url.masked} has {counted(rows, 'row')} of {chosen_service.name}, which {what} would replace", yes=yes
        )


def confirm_deleting(folder: Path, chosen: "Sequence[Service]", keep: int, *, yes: bool) -> None:
    """Ask a person at a terminal; in a nightly job ``--keep`` itself is the confirmation."""
    from payrollx_db.backup import manifest

    old = sum(max(0, len(manifest.whole_backups(folder, one.name)) + 1 - keep) for one in chosen)
    if old and sys.stdin.isatty():
        confirm(f"this deletes up to {old} older backups in {folder} afterwards", yes=yes)
