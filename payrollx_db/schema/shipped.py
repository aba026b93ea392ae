"""Where the top-level folders ``alembic`` and ``sql`` are, which travel inside the wheel."""

from pathlib import Path


def folder(name: str) -> Path:
    """Return the folder ``alembic`` or ``sql``: inside an installed package, else beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / f"_{name}"
    return installed if installed.is_dir() else package.parent / name
