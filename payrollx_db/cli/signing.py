"""The key that signs backups, as the commands find it."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from payrollx_db.cli.render import console
from payrollx_db.errors import ConfigurationError

if TYPE_CHECKING:
    from payrollx_db.backup.manifest import Backup
    from payrollx_db.backup.signature import Key

key_file = click.option(
    "--key-file",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="PAYROLLX_KEY_FILE",
    metavar="FILE",
    show_default="backup.key in your configuration folder",
    help="File with the key that signs backups; the first backup makes it.",
)


def key_of(file: Path | None, backup: "Backup") -> "Key":
    """Return the key that checks ``backup``. Raises ConfigurationError where there is none that may be used."""
    from payrollx_db.backup import signature

    return signature.load(file, backup.folder.parent)


def key_or_new(file: Path | None, folder: Path) -> "Key":
    """Return the key that signs the backups of ``folder``; one that is made is told."""
    from payrollx_db.backup import signature

    key, is_new = signature.load_or_make(file, folder)
    if is_new:
        console.note(f"made the key {key.path}, which signs backups: keep a copy of it, but not beside them")
    return key


def key_if_any(file: Path | None, folder: Path) -> "Key | None":
    """Return the key, or ``None`` where there is none that may be used, which is told."""
    from payrollx_db.backup import signature

    try:
        return signature.load(file, folder)
    except ConfigurationError as error:
        console.note(f"no signature was checked: {error.message}")
        return None
