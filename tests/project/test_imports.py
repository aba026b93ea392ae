"""A service's process loads that service and nothing else, and importing connects to nothing."""

import json
import subprocess
import sys

import pytest

SERVICES = (
    "auth",
    "compliance",
    "employee",
    "notification",
    "organization",
    "payroll",
    "transaction",
    "wallet",
)
HEAVY = {"click", "rich", "alembic", "psycopg", "asyncpg", "dotenv"}

PROGRAM = """
import importlib, json, socket, sys

def refuse(*args):
    raise AssertionError("an import opened a connection")

socket.socket.connect = refuse
importlib.import_module(sys.argv[1])
print(json.dumps(sorted(sys.modules)))
"""


def loaded_by(module: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", PROGRAM, module], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("service", [pytest.param(s, marks=() if s == "auth" else pytest.mark.long) for s in SERVICES])
def test_a_service_loads_no_other_and_nothing_of_the_tool(service: str) -> None:
    loaded = loaded_by(f"payrollx_db.{service}")

    others = {*SERVICES, "unified", "legacy"} - {service}
    assert loaded.isdisjoint({f"payrollx_db.{other}" for other in others})
    assert loaded.isdisjoint({f"payrollx_db.catalogs.payrollx.{other}" for other in others})
    assert "payrollx_db.schema.migrate" not in loaded
    assert loaded.isdisjoint(HEAVY)


def test_the_package_itself_loads_no_service() -> None:
    loaded = loaded_by("payrollx_db")

    assert {name for name in loaded if name.startswith("payrollx_db")} == {"payrollx_db"}
    assert "sqlalchemy" not in loaded


def test_a_copy_that_nobody_follows_loads_nothing_of_following_and_of_the_cutover() -> None:
    loaded = loaded_by("payrollx_db.cli.copy")

    parts = ("payrollx_db.consolidate.follow.", "payrollx_db.consolidate.cutover.", "payrollx_db.consolidate.online")
    assert not {name for name in loaded if name.startswith(parts)}
