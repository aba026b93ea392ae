"""doctor: each fault that a few statements plant is named, mended, and gone."""

import asyncio
import re
from dataclasses import dataclass, replace

import psycopg
import pytest
from conftest import unique
from health_checks import EXPECTED, findings_of, health_of
from matrices import some
from worlds import query, value

from payrollx_db.health.database import Place
from payrollx_db.health.examine import examine
from payrollx_db.postgres.url import DatabaseUrl
from payrollx_db.unified import CATALOG

NEWEST = EXPECTED.branches["wallet"][-1]


@dataclass(frozen=True)
class Fault:
    """How to plant it, what it is called, where, how grave it is, and what mends it."""

    code: str
    place: str
    severity: str
    plant: tuple[str, ...]
    mend: tuple[str, ...]
    said: str = ""
    since: int = 140000

    def __str__(self) -> str:
        return f"{self.code} {self.said or self.place}"


FK = "ALTER TABLE auth.refresh_tokens DROP CONSTRAINT fk_refresh_tokens_user_id"
FK_AGAIN = "ALTER TABLE auth.refresh_tokens ADD CONSTRAINT fk_refresh_tokens_user_id FOREIGN KEY (user_id) REFERENCES"
LOGS = """INSERT INTO compliance.audit_logs (action, resource) SELECT 'LOOK', repeat('x', 100)
    FROM generate_series(1, 1000)"""
IN_THIS_DATABASE = "DO $$BEGIN EXECUTE format('ALTER ROLE payrollx_auth IN DATABASE %I {}', current_database()); END$$"

FAULTS = (
    Fault("behind", "", "error", ("DELETE FROM payrollx_meta.alembic_version WHERE version_num LIKE 'wallet%'",),
          (f"INSERT INTO payrollx_meta.alembic_version VALUES ('{NEWEST}')",), f"the newest is {NEWEST}"),
    Fault("revision-unknown", "", "error", ("INSERT INTO payrollx_meta.alembic_version VALUES ('wallet_9999')",),
          ("DELETE FROM payrollx_meta.alembic_version WHERE version_num = 'wallet_9999'",), "wallet_9999"),
    Fault("not-migrated", "", "error", ("ALTER TABLE payrollx_meta.alembic_version RENAME TO elsewhere",),
          ("ALTER TABLE payrollx_meta.elsewhere RENAME TO alembic_version",), "no migration was ever run"),
    Fault("table-missing", "auth.audit_logs", "error", ("ALTER TABLE auth.audit_logs RENAME TO elsewhere",),
          ("ALTER TABLE auth.elsewhere RENAME TO audit_logs",)),
    Fault("role-too-much", "role payrollx_wallet", "error", ("GRANT SELECT ON auth.users TO payrollx_wallet",),
          ("REVOKE SELECT ON auth.users FROM payrollx_wallet",), "SELECT on table auth.users"),
    Fault("role-lacks", "role payrollx_auth", "warn", ("REVOKE DELETE ON auth.users FROM payrollx_auth",),
          ("GRANT DELETE ON auth.users TO payrollx_auth",), "lacks DELETE on table auth.users"),
    Fault("role-setting", "role payrollx_auth", "error", (IN_THIS_DATABASE.format("SET statement_timeout = ''1ms''"),),
          (IN_THIS_DATABASE.format("RESET ALL"),), "begins with statement_timeout = 1ms"),
    Fault("large-object", "role payrollx_wallet", "warn",
          ("SELECT lo_create(70001)", "ALTER LARGE OBJECT 70001 OWNER TO payrollx_wallet"),
          ("SELECT lo_unlink(70001)",), "payrollx_wallet owns a large object"),
    Fault("missing-index", "auth.refresh_tokens.user_id", "warn", ("DROP INDEX auth.ix_refresh_tokens_user_id",),
          ("CREATE INDEX ix_refresh_tokens_user_id ON auth.refresh_tokens (user_id)",),
          "the foreign key fk_refresh_tokens_user_id has no index"),
    Fault("missing-index", "auth.refresh_tokens.user_id", "warn",
          ("DROP INDEX auth.ix_refresh_tokens_user_id",
           "CREATE INDEX partial ON auth.refresh_tokens (user_id) WHERE token = ''",
           "CREATE INDEX second ON auth.refresh_tokens (token, user_id)"),
          ("DROP INDEX auth.partial, auth.second",
           "CREATE INDEX ix_refresh_tokens_user_id ON auth.refresh_tokens (user_id, token)"), "has no index"),
    Fault("missing-index", "auth.users.organization_id", "warn", ("DROP INDEX auth.ix_users_organization_id",),
          ("CREATE INDEX ix_users_organization_id ON auth.users (organization_id)",), "a loose reference has no index"),
    Fault("not-valid", "auth.refresh_tokens.fk_refresh_tokens_user_id", "warn",
          (FK, f"{FK_AGAIN} auth.users (id) NOT VALID"),
          ("ALTER TABLE auth.refresh_tokens VALIDATE CONSTRAINT fk_refresh_tokens_user_id",), "NOT VALID"),
    Fault("not-valid", "auth.refresh_tokens.fk_refresh_tokens_user_id", "warn",
          (FK, f"{FK_AGAIN} auth.users (id) NOT ENFORCED"),
          ("ALTER TABLE auth.refresh_tokens ALTER CONSTRAINT fk_refresh_tokens_user_id ENFORCED",), "NOT ENFORCED",
          since=180000),
    Fault("never-analyzed", "compliance.audit_logs", "warn",
          ("ALTER TABLE compliance.audit_logs SET (autovacuum_enabled = false)", LOGS),
          ("ANALYZE compliance.audit_logs",)),
)  # fmt: skip


@pytest.mark.parametrize("fault", some(FAULTS))
def test_a_fault_is_named_and_gone_once_mended(fault: Fault, examined: DatabaseUrl) -> None:
    place = fault.place or examined.masked
    if value(examined, "SELECT current_setting('server_version_num')::integer") < fault.since:
        pytest.skip("this server can't have it")
    assert findings_of(examined, fault.code, place) == []

    for statement in fault.plant:
        query(examined, statement)
    try:
        (finding,) = findings_of(examined, fault.code, place)
    finally:
        for statement in fault.mend:
            query(examined, statement)

    assert finding.severity == fault.severity
    assert fault.said in finding.message
    assert finding.remedy
    assert findings_of(examined, fault.code, place) == []


def test_what_the_remedy_says_mends_it(examined: DatabaseUrl) -> None:
    query(examined, FK)
    query(examined, f"{FK_AGAIN} auth.users (id) NOT VALID")
    (finding,) = findings_of(examined, "not-valid")

    query(examined, finding.remedy.partition(";")[0])

    assert findings_of(examined, "not-valid") == []
    assert finding.subject == "auth"


def test_an_index_that_was_cut_off(examined: DatabaseUrl) -> None:
    user = "INSERT INTO auth.users (email, password, first_name, last_name) VALUES (%s, '', 'Twin', '')"
    for email in ("a@twin.example", "b@twin.example"):
        query(examined, user, [email])
    with pytest.raises(psycopg.errors.UniqueViolation):
        query(examined, "CREATE UNIQUE INDEX CONCURRENTLY cut_off ON auth.users (first_name)")
    try:
        (finding,) = findings_of(examined, "invalid-index")
        query(examined, finding.remedy.rpartition(", or ")[2])
    finally:
        query(examined, "DELETE FROM auth.users")

    assert (finding.place, finding.subject, finding.severity) == ("auth.users.cut_off", "auth", "error")
    assert findings_of(examined, "invalid-index") == []


def test_what_a_partitioned_table_lacks_is_named_once_and_how_it_is_mended(examined: DatabaseUrl) -> None:
    query(
        examined,
        "CREATE TABLE auth.visits (at date, id int, PRIMARY KEY (at, id)) PARTITION BY RANGE (at);"
        "CREATE TABLE auth.visits_a PARTITION OF auth.visits FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');"
        "CREATE TABLE auth.visits_b PARTITION OF auth.visits FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');"
        "ALTER TABLE auth.visits ADD CONSTRAINT positive CHECK (id > 0) NOT VALID;"
        "CREATE INDEX by_id ON ONLY auth.visits (id);"
        "CREATE TABLE auth.steps (at date, id int);"
        "ALTER TABLE auth.steps ADD FOREIGN KEY (at, id) REFERENCES auth.visits NOT VALID;"
        "ALTER TABLE auth.steps ADD CONSTRAINT again FOREIGN KEY (id, at) REFERENCES auth.visits (id, at) NOT VALID",
    )
    try:
        invalid = findings_of(examined, "invalid-index")
        late = findings_of(examined, "not-valid")
        missing = findings_of(examined, "missing-index")
        query(examined, invalid[0].remedy.rpartition(", or ")[2])
        for finding in late:
            query(examined, finding.remedy.partition(";")[0])
        assert findings_of(examined, "invalid-index") == []
        assert findings_of(examined, "not-valid") == []
    finally:
        query(examined, "DROP TABLE auth.steps, auth.visits")

    assert [finding.place for finding in invalid] == ["auth.visits.by_id"]
    assert [finding.place for finding in late] == [
        "auth.steps.again", "auth.steps.steps_at_id_fkey", "auth.visits.positive",
    ]  # fmt: skip
    assert [finding.place for finding in missing] == ["auth.steps.at+id"]


def test_an_index_that_nobody_uses(examined: DatabaseUrl) -> None:
    query(examined, "CREATE INDEX extra ON auth.users (last_name)")
    try:
        (finding,) = findings_of(examined, "unused-index", "auth.users.extra", unused_days=0, unused_bytes=0)
        assert findings_of(examined, "unused-index") == []  # too small, and the statistics too young, to say anything
        # What a reference is looked up by is needed, used or not.
        others = [f.place for f in findings_of(examined, "unused-index", unused_days=0, unused_bytes=0)]
        assert not [p for p in others if re.search(r"_id$|\.pk_|\.uq_|ix_organizations_created_by", p)]
    finally:
        query(examined, "DROP INDEX auth.extra")

    assert finding.severity == "info"
    assert findings_of(examined, "unused-index", "auth.users.extra", unused_days=0, unused_bytes=0) == []


def test_an_index_of_the_rows_that_refer_is_one(examined: DatabaseUrl) -> None:
    query(examined, "DROP INDEX auth.ix_users_organization_id")
    create = "CREATE INDEX ix_users_organization_id ON auth.users (organization_id)"
    query(examined, f"{create} WHERE organization_id IS NOT NULL")
    try:
        assert findings_of(examined, "missing-index") == []
    finally:
        query(examined, "DROP INDEX auth.ix_users_organization_id")
        query(examined, create)


def test_an_index_over_an_expression_that_nobody_uses(examined: DatabaseUrl) -> None:
    query(examined, "CREATE INDEX lowered ON auth.users (lower(last_name))")
    try:
        assert len(findings_of(examined, "unused-index", "auth.users.lowered", unused_days=0, unused_bytes=0)) == 1
    finally:
        query(examined, "DROP INDEX auth.lowered")


def test_a_few_rows_that_were_never_analyzed_are_only_good_to_know(migrated: DatabaseUrl) -> None:
    query(migrated, "INSERT INTO compliance.audit_logs (action, resource) VALUES ('LOOK', 'x')")

    (finding,) = findings_of(migrated, "never-analyzed")

    assert (finding.place, finding.severity) == ("compliance.audit_logs", "info")
    (check,) = [check for check in health_of(migrated).databases[0].checks if check.name == "statistics"]
    assert check.severity == "info"


def test_a_slot_that_was_left_behind(examined: DatabaseUrl) -> None:
    name = unique("slot")
    place = f"slot {name}"
    query(examined, "SELECT pg_create_physical_replication_slot(%s, true)", [name])
    try:
        (finding,) = findings_of(examined, "idle-slot", place)
        query(examined, finding.remedy.partition(", or ")[2])
    except BaseException:
        query(examined, "SELECT pg_drop_replication_slot(%s)", [name])
        raise

    assert re.search(r"nobody reads from it, keeping [\d,]+ MB", finding.message)
    assert findings_of(examined, "idle-slot", place) == []


def test_a_partitioned_table_s_missing_index_is_named_once(examined: DatabaseUrl) -> None:
    query(
        examined,
        "CREATE TABLE auth.visits (at date, user_id uuid REFERENCES auth.users) PARTITION BY RANGE (at);"
        "CREATE TABLE auth.visits_a PARTITION OF auth.visits FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');"
        "CREATE TABLE auth.visits_b PARTITION OF auth.visits FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')",
    )
    try:
        (finding,) = findings_of(examined, "missing-index")
        query(examined, finding.remedy.partition(", ")[0])
        assert findings_of(examined, "missing-index") == []
        lifted = replace(EXPECTED, catalog=replace(CATALOG, lifted=True))
        query(examined, "DROP INDEX auth.visits_user_id_idx")
        health = asyncio.run(examine([Place(examined, CATALOG.services)], lifted))
    finally:
        query(examined, "DROP TABLE auth.visits")

    assert finding.place == "auth.visits.user_id"
    assert finding.remedy.startswith('CREATE INDEX ON "auth"."visits" ("user_id"), which keeps writes out meanwhile')
    (of_lift,) = [found for found in health.findings if found.code == "missing-index"]
    assert "model" in finding.remedy
    assert "model" not in of_lift.remedy
