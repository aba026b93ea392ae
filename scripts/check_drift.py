"""Hold the migrations against the models, on a server made for the purpose: what `alembic check` does, and enums."""

import sys
import tempfile
from pathlib import Path

from payrollx_db.devserver import Server, create_database
from payrollx_db.schema import migrate
from payrollx_db.unified import CATALOG


def main() -> int:
    """Migrate an empty database and print every difference from the models. Returns the exit code."""
    with tempfile.TemporaryDirectory(prefix="payrollx-drift-") as folder:
        Path(folder).chmod(0o711)  # the server may run as another user, and its own folder lies inside
        server = Server(Path(folder) / "data", settings={"fsync": "off"})
        try:
            url = create_database(server.up(), "drift")
            migrate.upgrade(url, CATALOG)
            differences = migrate.check(url, CATALOG)
        finally:
            server.destroy()
    for difference in differences:
        print(difference)
    print("the migrations make what the models say" if not differences else f"{len(differences)} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
