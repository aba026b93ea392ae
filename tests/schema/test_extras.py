"""What migrations make beyond what models can say: the catalog lists it, and it is missed where it isn't there."""

from dataclasses import replace

import pytest
from schema_snapshots import run
from worlds import query

from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.schema import extras, migrate
from payrollx_db.unified import CATALOG

EXTRAS = (
    "function wallet.total(integer,pg_catalog.text)",
    "function wallet.touch()",
    'trigger "Touch" on wallet.wallets',
    "view wallet.open_wallets",
    "materialized view wallet.counted",
    "type wallet.money",
    "policy own on wallet.wallets",
    "row security on wallet.wallets",
    "statistics object wallet.pairs",
)
MADE = """
    SET ROLE payrollx_owner;
    CREATE FUNCTION wallet.total(integer, text = '') RETURNS integer LANGUAGE sql AS 'SELECT 1';
    CREATE FUNCTION wallet.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
    CREATE TRIGGER "Touch" BEFORE UPDATE ON wallet.wallets FOR EACH ROW EXECUTE FUNCTION wallet.touch();
    CREATE VIEW wallet.open_wallets AS SELECT id FROM wallet.wallets;
    CREATE MATERIALIZED VIEW wallet.counted AS SELECT count(*) FROM wallet.wallets;
    CREATE DOMAIN wallet.money AS numeric;
    CREATE POLICY own ON wallet.wallets USING (true);
    ALTER TABLE wallet.wallets ENABLE ROW LEVEL SECURITY;
    CREATE STATISTICS wallet.pairs ON provider, public_key FROM wallet.wallets;
"""
LISTED = replace(
    CATALOG, services=tuple(replace(s, extras=EXTRAS if s.name == "wallet" else ()) for s in CATALOG.services)
)


def test_what_the_catalog_lists_is_no_drift(database: DatabaseUrl) -> None:
    migrate.upgrade(database, CATALOG)
    missing = [finding.message for finding in migrate.check(database, LISTED)]
    assert missing == sorted(f"{extra} is missing" for extra in EXTRAS)
    assert migrate.check(database, LISTED, service="auth") == []

    run(database, MADE)

    assert migrate.check(database, LISTED) == []
    only = [finding.message for finding in migrate.check(database, CATALOG)]
    assert only == sorted(f"{extra} is in the database only" for extra in EXTRAS)


def test_an_extension_goes_by_its_name(database: DatabaseUrl) -> None:
    if not query(database, "SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'"):
        pytest.skip("this server has no pg_trgm")
    migrate.upgrade(database, CATALOG)
    run(database, "CREATE EXTENSION pg_trgm SCHEMA wallet")

    assert [finding.message for finding in migrate.check(database, CATALOG)] == [
        "extension pg_trgm is in the database only"
    ]


def test_a_kind_may_be_of_several_words() -> None:
    kinds = [extras.kind(extra) for extra in EXTRAS]

    assert kinds == ["function", "function", "trigger", "view", "materialized view", "type", "policy", "row security",
                     "statistics object"]  # fmt: skip
