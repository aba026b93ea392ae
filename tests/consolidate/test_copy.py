"""The copy, end to end: every row arrives once, and is accounted for."""

import asyncio
from dataclasses import replace

import psycopg
import pytest
from worlds import World, query, snapshot_of, value

from payrollx_db.consolidate import pipeline
from payrollx_db.errors import ConfigurationError, FindingsError, LayoutMismatchError, StateConflictError
from payrollx_db.model.events import Notice, RunStarted
from payrollx_db.model.layout import Discard
from payrollx_db.model.policy import Policies
from payrollx_db.postgres.url import DatabaseUrl


def source_rows(world: World) -> dict[str, int]:
    return {
        t.source_name: value(world.urls[t.database], f'SELECT count(*) FROM "{t.source.name}"')
        for t in world.plan().tables
    }


def test_every_row_of_every_table_is_accounted_for(reading_world: World) -> None:
    counted = source_rows(reading_world)

    report = reading_world.copy()

    assert {t.source for t in report.tables} == set(counted)
    for table in report.tables:
        assert table.rows_read == counted[table.source], table
        assert table.balanced, table
        merged = table.rows_read if table.kind == "merge" else 0
        assert (table.rows_written, table.rows_quarantined, table.rows_merged) == (
            table.rows_read - merged,
            0,
            merged,
        )


def test_the_target_has_what_the_source_says(copied: World) -> None:
    """The values themselves, read by plain SQL on both sides, apart from anything that verify does."""
    auth, target = copied.urls["payrollx_auth"], copied.target

    ours = query(
        auth,
        """SELECT id::uuid, email, password, "firstName", "lastName", role, "organizationId"::uuid,
                  "createdAt" AT TIME ZONE 'UTC', "updatedAt" AT TIME ZONE 'UTC' FROM users ORDER BY 1""",
    )
    theirs = query(
        target,
        """SELECT id, email, password, first_name, last_name, role, organization_id, created_at, updated_at
           FROM auth.users ORDER BY 1""",
    )

    assert ours == theirs
    assert len(ours) > 50


@pytest.mark.parametrize(
    ("source", "legacy", "unified"),
    [
        (
            "payrollx_auth",
            "SELECT id, details FROM audit_logs",
            "SELECT id::text, details #>> '{}' FROM auth.audit_logs",
        ),
        (
            "payrollx_org",
            'SELECT id, config, "authorizedSigners", "onboardingCompleted" FROM organizations',
            (
                "SELECT organization_id::text, config, authorized_signers, onboarding_completed"
                " FROM organization.organization_settings"
            ),
        ),
        (
            "payrollx_employee",
            'SELECT id, "deletedAt" IS NULL, "kycStatus"::text, salary FROM employees',
            "SELECT id::text, is_active, kyc_status::text, salary FROM employee.employees",
        ),
        (
            "payrollx_payroll",
            'SELECT i.id, r.currency, i.amount FROM payroll_items i JOIN payroll_runs r ON r.id = i."payrollRunId"',
            "SELECT id::text, currency, amount FROM payroll.payroll_items",
        ),
        (
            "payrollx_notification",
            "SELECT id, subject, content, status = 'READ' FROM notifications",
            "SELECT id::text, title, message, is_read FROM notification.notifications",
        ),
        (
            "payrollx_compliance",
            """SELECT id, "completedAt" AT TIME ZONE 'UTC',
                      CASE WHEN filters->>'organizationId' ~ '^[0-9a-f-]{36}$' THEN filters->>'organizationId' END
               FROM compliance_reports""",
            "SELECT id::text, generated_at, organization_id::text FROM compliance.compliance_reports",
        ),
        (
            "payrollx_transaction",
            "SELECT id, 'SOL', NULL::uuid, NULL::text FROM transactions",
            "SELECT id::text, currency, wallet_id, block_hash FROM transaction.transactions",
        ),
    ],
)
def test_derived_and_moved_columns(copied: World, source: str, legacy: str, unified: str) -> None:
    ours = {row[0]: row[1:] for row in query(copied.urls[source], legacy)}
    theirs = {row[0]: row[1:] for row in query(copied.target, unified)}

    assert ours == theirs
    assert ours


def test_indexes_and_constraints_stand_again(copied: World, migrated: DatabaseUrl) -> None:
    assert snapshot_of(copied.target)["objects"] == snapshot_of(migrated)["objects"]
    assert value(copied.target, "SELECT count(*) FROM pg_index WHERE NOT indisvalid") == 0
    assert value(copied.target, "SELECT count(*) FROM pg_constraint WHERE NOT convalidated") == 0


def test_tables_are_analyzed(copied: World) -> None:
    unknown = query(
        copied.target,
        "SELECT t.target FROM payrollx_meta.tables t JOIN pg_class c ON c.oid = t.target::regclass"
        " WHERE t.kind = 'copy' AND t.rows_written > 0 AND c.reltuples <= 0",
    )
    assert unknown == []


def test_the_sources_are_as_they_were(world: World) -> None:
    """Law 5, by everything that a session could leave behind there."""

    def seen() -> dict[str, object]:
        left = "SELECT count(*) FROM pg_class WHERE relpersistence = 't'"
        return {name: (snapshot_of(url), value(url, left)) for name, url in world.urls.items()}

    before = seen()

    world.copy()
    world.verify()

    assert seen() == before


def test_large_tables_are_cut_into_slices_under_one_snapshot(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("payrollx_db.consolidate.plan.plan.SLICE_BYTES", 1)
    payroll = world.urls["payrollx_payroll"]
    query(
        payroll,
        'INSERT INTO payroll_items SELECT gen_random_uuid()::text, "payrollRunId", "employeeId", amount, status,'
        ' "txSignature", "retryCount", "createdAt", "updatedAt", "deletedAt"'
        " FROM payroll_items, generate_series(1, 30)",
    )
    query(payroll, "ANALYZE")

    report = world.copy("payroll", jobs=4)

    parts = query(world.target, "SELECT source, slices FROM payrollx_meta.parts WHERE slices > 1")
    assert ("payrollx_payroll.public.payroll_items", 4) in parts
    assert value(world.target, "SELECT count(*) FROM payrollx_meta.slices WHERE source LIKE '%payroll_items'") == 4
    assert all(table.balanced for table in report.tables)
    assert world.verify("payroll").identical


def test_a_part_remembers_its_snapshot(copied: World) -> None:
    snapshots = query(copied.target, "SELECT snapshot::text FROM payrollx_meta.parts WHERE finished_at IS NOT NULL")

    assert len(snapshots) == len(copied.plan().copies)
    assert all(":" in text for (text,) in snapshots)


def test_sequences_go_past_what_was_copied(other_peoples_world: World) -> None:
    other_peoples_world.copy()

    with psycopg.connect(other_peoples_world.target.conninfo()) as connection:
        number = connection.execute(
            "INSERT INTO shop.orders (total, customer_id) VALUES (1, 1) RETURNING number"
        ).fetchone()
        highest = connection.execute("SELECT max(number) FROM shop.orders").fetchone()
    assert number == highest
    # the source's own sequence stood at 900, far above the highest row
    assert number is not None
    assert number[0] > 900


def test_a_catalog_of_other_peoples_tables(other_peoples_world: World) -> None:
    """The toolkit knows nothing of PayrollX: keys of several columns, no key at all, serials, enums, odd names."""
    report = other_peoples_world.copy()

    assert {(t.target, t.rows_written) for t in report.tables} == {
        ("shop.orders", 300),
        ("shop.order lines", 600),
        ("crm.customers", 50),
        ("crm.visits", 40),
    }
    assert other_peoples_world.verify().identical


def test_one_service_at_a_time(reading_world: World) -> None:
    """What must wait for its other end is said, stands NOT VALID, and is validated when that end arrives."""
    report = reading_world.copy("employee")

    assert {t.target for t in report.tables if t.kind == "copy"} == {"employee.employees"}
    assert any("employee.employees.user_id -> auth.users.id" in text for text in report.waiting)
    assert any(isinstance(e, Notice) and "auth.users" in e.text for e in reading_world.events)
    unvalidated = "SELECT conrelid::regclass::text FROM pg_constraint WHERE NOT convalidated AND contype = 'f'"
    assert {name for (name,) in query(reading_world.target, unvalidated)} == {"employee.employees"}

    reading_world.copy("auth", "organization")
    assert query(reading_world.target, unvalidated) == []

    rest = reading_world.copy()
    assert not {"auth.users", "employee.employees"} & {t.target for t in rest.tables}
    assert reading_world.verify().identical
    assert query(reading_world.target, unvalidated) == []


def test_a_second_copy_has_nothing_to_do(copied: World) -> None:
    before = snapshot_of(copied.target)
    recorded = query(copied.target, "SELECT * FROM payrollx_meta.runs")
    first = copied.answer("status")["tables"]

    document = copied.answer("copy")
    done = copied.command("copy")

    assert (document["run"], document["status"], document["nothing_to_do"]) == (1, "done", True)
    assert [table["written"] for table in document["tables"]] == [table["written"] for table in first]
    assert done.returncode == 0
    assert "nothing to do: finished runs have copied all 20 table pairs" in done.stdout
    assert "payrollx-db verify proves" in done.stderr
    assert snapshot_of(copied.target) == before
    assert query(copied.target, "SELECT * FROM payrollx_meta.runs") == recorded


def test_services_without_legacy_tables_are_no_finished_run(reading_world: World) -> None:
    """Nothing was copied where there is nothing to copy."""
    databases = tuple(
        replace(db, duplicates=(), maps=(), discards=tuple(Discard(m.source.name, "gone") for m in db.maps))
        if db.name == "payrollx_notification"
        else db
        for db in reading_world.layout.databases
    )
    bare = replace(reading_world, layout=replace(reading_world.layout, databases=databases))

    with pytest.raises(ConfigurationError, match="the layout legacy has no table for notification"):
        bare.copy("notification")


def test_rows_of_no_known_run_are_refused(reading_world: World) -> None:
    query(
        reading_world.target,
        "INSERT INTO notification.notification_templates (name, type, title, body) VALUES ('a', 'EMAIL', 'b', 'c')",
    )
    query(
        reading_world.target,
        "INSERT INTO auth.users (email, password, first_name, last_name) VALUES ('a', 'b', 'c', 'd')",
    )
    before = snapshot_of(reading_world.target)

    with pytest.raises(StateConflictError) as caught:
        reading_world.copy()

    assert caught.value.details == ("auth.users",)  # nothing is copied into the templates, so they may have rows
    assert snapshot_of(reading_world.target) == before


def test_a_row_that_goes_astray_is_noticed(reading_world: World) -> None:
    """Law 1 is checked against what the target really holds, not against what was sent."""
    query(
        reading_world.target,
        "CREATE FUNCTION auth.lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF NEW.email LIKE '%1%' THEN RETURN NULL; END IF; RETURN NEW; END $$",
    )
    query(
        reading_world.target,
        "CREATE TRIGGER lose BEFORE INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION auth.lose()",
    )

    task = replace(reading_world.task(), policies=Policies.read(["trigger=fire"]))
    with pytest.raises(FindingsError):
        asyncio.run(pipeline.copy(task))

    assert value(reading_world.target, "SELECT count(*) FROM auth.users") == 0
    assert value(reading_world.target, "SELECT status FROM payrollx_meta.runs") == "undone"


def test_a_run_is_announced_with_its_size(copied: World) -> None:
    (started,) = [event for event in copied.events if isinstance(event, RunStarted)]
    assert (started.run, started.resumed, started.tables) == (1, False, 13)
    assert started.rows > 3000


def test_an_unknown_column_stops_everything(world: World) -> None:
    query(world.urls["payrollx_org"], 'ALTER TABLE organizations ADD COLUMN "taxId" text')
    before = snapshot_of(world.target)

    with pytest.raises(LayoutMismatchError) as caught:
        world.copy()

    assert "payrollx_org.public.organizations.taxId" in caught.value.details[0]
    assert snapshot_of(world.target) == before
