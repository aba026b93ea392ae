"""The tables that a facade shows: its own, by their names, and nobody else's."""

import pickle

import pytest
from facades import Home
from sqlalchemy import Column, Integer, MetaData, Table, select

from payrollx_db import auth
from payrollx_db.errors import BoundaryError
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service
from payrollx_db.unified import CATALOG, SERVICES


@pytest.mark.parametrize("module", SERVICES, ids=lambda module: module.service.name)
def test_a_facade_shows_its_own_tables(module: object) -> None:
    db: Facade = module.db  # type: ignore[attr-defined]
    service = CATALOG.service(db.service.name)

    assert set(db.tables) == set(service.tables)
    for name in service.tables:
        assert getattr(db, name) is db.tables[name]
        assert name in dir(db)
        assert db.tables[name].schema == service.schema


@pytest.mark.parametrize("module", SERVICES, ids=lambda module: module.service.name)
def test_a_facade_declares_its_tables_for_type_checkers(module: object) -> None:
    db: Facade = module.db  # type: ignore[attr-defined]

    assert list(type(db).__annotations__) == list(db.tables)
    assert db.db is db


def test_another_services_table_is_no_attribute() -> None:
    with pytest.raises(BoundaryError, match="wallets belongs to the wallet service, not to auth; ask the wallet"):
        _ = auth.db.wallets
    with pytest.raises(BoundaryError, match="auth has no table user, and no other service has; it has users, refre"):
        _ = auth.db.user
    assert hasattr(auth.db, "users")
    assert not hasattr(auth.db, "wallets")
    assert not hasattr(auth.db, "_sa_instance_state")


def test_names_that_need_quotes(home: Home) -> None:
    made = MetaData(schema="Odd Shop")
    Table("My Rows", made, Column("Id", Integer))
    odd = Facade(
        Service("odd", "Odd Shop", "payrollx_auth", ("My Rows",)), metadata=made, catalog="payrollx_db.unified:CATALOG"
    )
    home.query(
        'CREATE SCHEMA "Odd Shop"; CREATE TABLE "Odd Shop"."My Rows" ("Id" integer);'
        ' GRANT USAGE ON SCHEMA "Odd Shop" TO payrollx_auth; GRANT SELECT ON "Odd Shop"."My Rows" TO payrollx_auth'
    )
    try:
        odd.ping()
        with odd.session() as session:
            assert session.execute(select(odd.tables["My Rows"])).all() == []
    finally:
        home.query('DROP SCHEMA "Odd Shop" CASCADE')


def test_a_facade_can_be_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)

    assert repr(auth.db) == "<Facade of auth: users, refresh_tokens, audit_logs>"
    with pytest.raises(TypeError):
        auth.db.tables["mine"] = auth.db.users  # type: ignore[index]
    with pytest.raises((AttributeError, TypeError, pickle.PicklingError)):
        pickle.loads(pickle.dumps(auth.db.session()))  # noqa: S301 - our own
