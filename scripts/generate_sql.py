"""Write sql/roles.sql and sql/grants.sql from PayrollX's catalog; scripts/check_docs.py holds them equal."""

import sys
from pathlib import Path

from payrollx_db.schema.roles import statements
from payrollx_db.unified import CATALOG

FOLDER = Path(__file__).resolve().parent.parent / "sql"
MARK = "-- Made by scripts/generate_sql.py. Don't edit: change the catalog, or payrollx_db/schema/roles/queries.\n\n"


def pages() -> dict[str, str]:
    """Return what each file in ``sql/`` is to hold, by its name."""
    return {"roles.sql": MARK + statements.roles(CATALOG), "grants.sql": MARK + statements.grants(CATALOG)}


def main() -> int:
    """Write the files. Returns the exit code."""
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
        print(f"wrote {FOLDER / name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
