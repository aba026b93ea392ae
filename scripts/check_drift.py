"""Hold the migrations against the models, on a server made for the purpose: what `alembic check` does, and enums."""

import sys
import tempfile
from pathlib import Path

from payrollx_db.catalogs import registry
from payrollx_db.devserver import Server, create_database
from payrollx_db.schema import migrate


def main() -> int:
    """Migrate an empty database for each catalog, and print every difference from its models. Returns the exit code."""
    differences: list[str] = []
    with tempfile.TemporaryDirectory(prefix="payrollx-drift-") as folder:
        Path(folder).chmod(0o711)  # the server may run as another user, and its own folder lies inside
        server = Server(Path(folder) / "data", settings={"fsync": "off"})
        try:
            place = server.up()
            for name in registry.BUILT_IN:
                catalog = registry.find(name)
                url = create_database(place, f"drift_{name}")
                migrate.upgrade(url, catalog)
                differences += [f"{name}: {difference}" for difference in migrate.check(url, catalog)]
        finally:
            server.destroy()
    for difference in differences:
        print(difference)
    print("the migrations make what the models say" if not differences else f"{len(differences)} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
