"""Migrations from outside: by an installed wheel, and by plain Alembic in a checkout."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from test_migrate import CHECKOUT, CURRENT, command

from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate
from payrollx_db.unified import CATALOG


def test_an_installed_wheel_migrates_from_an_empty_folder(database: DatabaseUrl, tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="the wheel is built by hatchling")
    dist, site, empty = (tmp_path / name for name in ("dist", "site", "empty"))
    empty.mkdir()
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(dist)]
    subprocess.run(build, cwd=CHECKOUT, check=True, capture_output=True)
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert "payrollx_db/_sql/roles.sql" in archive.namelist()
        assert not any("__pycache__" in name for name in archive.namelist())
        archive.extractall(site)

    path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
    where = [sys.executable, "-c", "import payrollx_db.schema.shipped as d; print(d.folder('alembic'))"]
    found = subprocess.run(
        where, env={**os.environ, "PYTHONPATH": path}, cwd=empty, check=True, capture_output=True, text=True
    )
    assert Path(found.stdout.strip()) == site / "payrollx_db" / "_alembic"
    with command("--json", url=database, folder=empty, PYTHONPATH=path) as process:
        stdout, stderr = process.communicate()

    assert (process.returncode, stderr) == (0, "")
    assert json.loads(stdout)["current"] == CURRENT
    assert migrate.check(database, CATALOG) == []
    assert list(empty.iterdir()) == []


@pytest.mark.long
def test_plain_alembic_works_in_a_checkout(migrated: DatabaseUrl) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "alembic", "check"],
        env={**os.environ, "DATABASE_URL": migrated.sqlalchemy()},
        cwd=CHECKOUT,
        check=False,
        capture_output=True,
        text=True,
    )

    assert "No new upgrade operations detected" in done.stdout, done.stderr
