"""What every migration makes for tenants: it refuses what goes around the policies, and mends what was taken away."""

import psycopg
import pytest
from choir_worlds import Choirs
from choirs.models import Song
from sqlalchemy import select

from payrollx_db.errors import TargetError
from payrollx_db.schema import migrate

AS_ITS_OWNER = "RETURNS SETOF tenant.singers SECURITY DEFINER LANGUAGE sql AS 'TABLE tenant.singers'"
AROUND = {
    "a materialized view": (
        "CREATE MATERIALIZED VIEW tenant.seen AS TABLE tenant.singers", "DROP MATERIALIZED VIEW tenant.seen",
    ),
    "a function as its owner": (f"CREATE FUNCTION tenant.seen() {AS_ITS_OWNER}", "DROP FUNCTION tenant.seen()"),
    "a table without the column": ("CREATE TABLE tenant.seen (id integer)", "DROP TABLE tenant.seen"),
}  # fmt: skip


@pytest.mark.parametrize("kind", AROUND)
def test_what_goes_around_the_policies_is_refused_by_name(shared_choirs: Choirs, kind: str) -> None:
    make, drop = AROUND[kind]
    shared_choirs.query(f"SET ROLE choirs_owner; {make}")
    try:
        with pytest.raises(TargetError, match=r"tenant\.seen"):
            migrate.upgrade(shared_choirs.url, shared_choirs.catalog)
    finally:
        shared_choirs.query(drop)


def test_a_migration_mends_the_wall(shared_choirs: Choirs) -> None:
    """Also beside a policy that would let everything through: ours bars what isn't proven, whatever others say."""
    shared_choirs.query(
        "DROP POLICY payrollx_tenant ON tenant.songs; ALTER VIEW tenant.chiefs RESET (security_invoker)"
    )
    shared_choirs.query("ALTER TABLE tenant.songs DISABLE ROW LEVEL SECURITY")
    shared_choirs.query("CREATE POLICY everything ON tenant.songs USING (true)")
    try:
        migrate.upgrade(shared_choirs.url, shared_choirs.catalog)
        with shared_choirs.tenants().session("alto") as session:
            assert session.scalars(select(Song.title)).all() == ["soprano of alto"]
        extra = [finding.message for finding in migrate.check(shared_choirs.url, shared_choirs.catalog)]
        assert len(extra) == 1
        assert "policy everything" in extra[0]
    finally:
        shared_choirs.query("DROP POLICY everything ON tenant.songs")


def test_a_migration_with_nothing_to_do_makes_nothing_anew(choirs: Choirs) -> None:
    made = "SELECT oid FROM pg_trigger WHERE tgname LIKE 'payrollx%' UNION ALL SELECT oid FROM pg_policy ORDER BY 1"
    before = choirs.query(made)
    assert len(before) > 10
    migrate.upgrade(choirs.url, choirs.catalog)
    assert choirs.query(made) == before


def test_what_tenants_need_is_the_owners_alone(choirs: Choirs) -> None:
    with psycopg.connect(choirs.login.conninfo(), autocommit=True) as connection:
        for statement in (
            "TABLE payrollx_tenants.keys", "TABLE payrollx_tenants.plans", "DELETE FROM payrollx_tenants.limits",
            "SELECT payrollx_tenants.use_key(repeat('x', 40))", "SELECT payrollx_tenants.plan_of('bass')",
            "CREATE TABLE payrollx_tenants.mine ()", "SELECT payrollx_tenants.make_policy(0, '', '', '')",
        ):  # fmt: skip
            with pytest.raises(psycopg.Error):
                connection.execute(statement)
