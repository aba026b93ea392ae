"""`payrollx-db placement`: who is where, whether it can be used there, and what is only declared."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner, Result
from conftest import TestServer

from payrollx_db.cli import cli
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import migrate
from payrollx_db.unified import CATALOG

APART = [
    "employee.employees.user_id -> auth.users.id",
    "transaction.transactions.wallet_id -> wallet.wallets.id",
    "wallet.wallets.employee_id -> employee.employees.id",
]


def placement(*arguments: str, **variables: str) -> Result:
    services = {f"{service.name.upper()}_DATABASE_URL": None for service in CATALOG.services}
    return CliRunner().invoke(cli, ["placement", *arguments], env={**services, **variables}, standalone_mode=False)


@pytest.fixture
def unified(migrated: DatabaseUrl) -> str:
    return migrated.plain


def test_all_in_one(unified: str) -> None:
    answer = placement("--json", DATABASE_URL=unified)

    found = json.loads(answer.stdout)
    assert answer.return_value == 0
    assert [s["service"] for s in found["services"]] == [s.name for s in CATALOG.services]
    assert all(s["usable"] and s["variable"] == "DATABASE_URL" for s in found["services"])
    assert found["declared_only"] == []
    assert "every enforced reference is a foreign key" in placement(DATABASE_URL=unified).stdout


def test_some_apart(unified: str, database: DatabaseUrl) -> None:
    migrate.upgrade(database, CATALOG, service="wallet")
    at = {"DATABASE_URL": unified, "WALLET_DATABASE_URL": database.plain, "AUTH_DATABASE_URL": database.plain}

    answer = placement("--json", **at)

    found = {s["service"]: s for s in json.loads(answer.stdout)["services"]}
    assert answer.return_value == 3
    assert found["wallet"]["usable"]
    assert found["wallet"]["variable"] == "WALLET_DATABASE_URL"
    assert found["wallet"]["url"] == database.masked
    assert found["auth"]["problem"] == "not migrated"
    assert sorted(json.loads(answer.stdout)["declared_only"]) == APART
    assert "wallet.wallets.employee_id -> employee.employees.id" in placement(**at).stdout


def test_another_login_is_not_apart(migrated: DatabaseUrl) -> None:
    other = replace(migrated, params={**migrated.params, "application_name": "purses"})

    answer = placement("--json", DATABASE_URL=migrated.plain, WALLET_DATABASE_URL=other.plain)

    found = json.loads(answer.stdout)
    assert {s["variable"] for s in found["services"]} == {"DATABASE_URL", "WALLET_DATABASE_URL"}
    assert found["declared_only"] == []


def test_a_server_that_is_down_and_no_secret(unified: str, server: TestServer) -> None:
    down = "postgresql://someone:hidden@127.0.0.1:1/nowhere"

    answer = placement(DATABASE_URL=unified, AUTH_DATABASE_URL=down)

    assert answer.return_value == 3
    assert "auth: " in answer.stdout
    assert "can't connect" in answer.stdout
    assert "hidden" not in answer.output
    assert str(server.url.params["password"]) not in answer.output


def test_a_table_that_is_missing(database: DatabaseUrl) -> None:
    from worlds import query

    migrate.upgrade(database, CATALOG)
    query(database, "DROP TABLE wallet.wallet_transactions")

    found = {s["service"]: s for s in json.loads(placement("--json", DATABASE_URL=database.plain).stdout)["services"]}

    assert found["wallet"]["problem"] == "lacks wallet.wallet_transactions"
