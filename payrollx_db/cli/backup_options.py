"""Options of the commands that make, read or take backups, and the backup that they name."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from payrollx_db.cli.destructive import destructive_option

if TYPE_CHECKING:
    from payrollx_db.backup.manifest import Backup
    from payrollx_db.model.catalog import Service

folder_of_backups = click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("backups"),
    show_default=True,
    envvar="PAYROLLX_BACKUPS",
    metavar="DIR",
    help="Folder of the backups.",
)
backup_to_restore = destructive_option(
    "--backup", "chosen", metavar="BACKUP",
    help="Backup to restore: its folder, or its name in --dir; by default the newest.",
)  # fmt: skip
unsigned = destructive_option(
    "--unsigned", is_flag=True,
    help="Take a backup that this key didn't sign: an older version's, or one of another key.",
)  # fmt: skip


def chosen_backup(chosen_service: "Service", folder: Path, chosen: str | None) -> "Backup":
    """Return the backup of a service that somebody has named, or the newest."""
    from payrollx_db.backup import manifest

    if chosen is None:
        return manifest.newest(folder, chosen_service.name)
    path = Path(chosen).expanduser()
    return manifest.read(path if path.is_dir() else folder / chosen)
