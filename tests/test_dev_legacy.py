"""The invented legacy databases: shaped as Prisma shapes them, sound if plain, and as bad as they say if hostile."""

import uuid
from collections import Counter
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg import sql

from payrollx_db.devserver import create_database, database_exists, drop_database
from payrollx_db.devserver.legacy import DatabaseMade, LegacySummary, drop_legacy, make_legacy
from payrollx_db.devserver.troubles import Trouble
from payrollx_db.errors import DevServerError
from payrollx_db.urls import DatabaseUrl

TIME, MONEY = "timestamp(3) without time zone", "numeric(65,30)"

# Written by hand from the facts, not from the files under test: type, ? for nullable, = for a default.
COLUMNS = {
    "users": f"""id text, email text, password text, firstName text, lastName text, role text = 'EMPLOYEE'::text,
        organizationId text?, createdAt {TIME} = CURRENT_TIMESTAMP, updatedAt {TIME}""",
    "refresh_tokens": f"""id text, token text, userId text, expiresAt {TIME},
        createdAt {TIME} = CURRENT_TIMESTAMP""",
    "audit_logs": f"""id text, userId text, action text, entityType text, entityId text, details text?,
        ipAddress text?, userAgent text?, createdAt {TIME} = CURRENT_TIMESTAMP""",
    "organizations": f"""id text, name text, config jsonb?, authorizedSigners text[]?,
        onboardingCompleted boolean = false, createdBy text, createdAt {TIME} = CURRENT_TIMESTAMP,
        updatedAt {TIME}, deletedAt {TIME}?""",
    "employees": f"""id text, organizationId text, userId text, walletAddress text?,
        kycStatus "KycStatus" = 'PENDING'::"KycStatus", kycDocuments jsonb?, salary {MONEY}?, paymentToken text?,
        createdAt {TIME} = CURRENT_TIMESTAMP, updatedAt {TIME}, deletedAt {TIME}?""",
    "wallets": f"""id text, employeeId text, publicKey text, keyShareIds text[]?, provider text = 'mpc'::text,
        createdBy text, createdAt {TIME} = CURRENT_TIMESTAMP, updatedAt {TIME}, deletedAt {TIME}?""",
    "payroll_runs": f"""id text, organizationId text, status "PayrollStatus" = 'DRAFT'::"PayrollStatus",
        scheduledDate {TIME}, totalAmount {MONEY}, currency text = 'SOL'::text, createdBy text,
        createdAt {TIME} = CURRENT_TIMESTAMP, updatedAt {TIME}, deletedAt {TIME}?""",
    "payroll_items": f"""id text, payrollRunId text, employeeId text, amount {MONEY},
        status "PayrollStatus" = 'DRAFT'::"PayrollStatus", txSignature text?, retryCount integer = 0,
        createdAt {TIME} = CURRENT_TIMESTAMP, updatedAt {TIME}, deletedAt {TIME}?""",
    "transactions": f"""id text, payrollRunId text, employeeId text,
        type "TransactionType" = 'PAYROLL'::"TransactionType", amount {MONEY}, tokenAddress text?, signature text?,
        status "TransactionStatus" = 'PENDING'::"TransactionStatus", error text?, notes text?,
        createdAt {TIME} = CURRENT_TIMESTAMP, updatedAt {TIME}, completedAt {TIME}?""",
    "notifications": f"""id text, userId text, type "NotificationType" = 'EMAIL'::"NotificationType",
        recipient text, subject text, content text, templateId text?, metadata jsonb?,
        status "NotificationStatus" = 'PENDING'::"NotificationStatus", error text?,
        createdAt {TIME} = CURRENT_TIMESTAMP, updatedAt {TIME}, sentAt {TIME}?""",
    "compliance_reports": f"""id text, name text, format "ReportFormat" = 'PDF'::"ReportFormat",
        status "ReportStatus" = 'GENERATING'::"ReportStatus", startDate {TIME}, endDate {TIME}, filters jsonb?,
        filePath text?, error text?, createdBy text, createdAt {TIME} = CURRENT_TIMESTAMP, updatedAt {TIME},
        completedAt {TIME}?""",
}
COLUMNS["compliance audit_logs"] = COLUMNS["audit_logs"].replace("details text?", "details jsonb?")

# Tables of each database; "table.column > table rule" is a foreign key, "table.column!" a unique index.
DATABASES: dict[str, tuple[str, str]] = {
    "payrollx_auth": (
        "users refresh_tokens audit_logs",
        "users.email!; refresh_tokens.token!; refresh_tokens.userId > users CASCADE; audit_logs.userId > users CASCADE",
    ),
    "payrollx_org": (
        "organizations employees",
        "organizations.name!; employees.organizationId > organizations RESTRICT",
    ),
    "payrollx_employee": (
        "organizations employees",
        "organizations.name!; employees.organizationId > organizations RESTRICT",
    ),
    "payrollx_wallet": ("employees wallets", "wallets.employeeId > employees RESTRICT"),
    "payrollx_payroll": (
        "employees payroll_runs payroll_items",
        "payroll_items.payrollRunId > payroll_runs RESTRICT; payroll_items.employeeId > employees RESTRICT",
    ),
    "payrollx_transaction": ("employees payroll_runs transactions", ""),
    "payrollx_notification": ("notifications", ""),
    "payrollx_compliance": ("compliance_reports audit_logs", ""),
}

ENUMS = {
    "KycStatus": "PENDING VERIFIED APPROVED REJECTED",
    "PayrollStatus": "DRAFT PENDING PROCESSING COMPLETED FAILED",
    "TransactionType": "PAYROLL BONUS REFUND ADJUSTMENT",
    "TransactionStatus": "PENDING PROCESSING COMPLETED FAILED CANCELLED",
    "NotificationType": "EMAIL SMS PUSH IN_APP",
    "NotificationStatus": "PENDING SENT FAILED DELIVERED READ",
    "ReportFormat": "PDF CSV EXCEL JSON",
    "ReportStatus": "GENERATING COMPLETED FAILED CANCELLED",
}

# (owner's table) -> columns that the unified layout wants as UUIDs.
UUIDS = {
    ("payrollx_auth", "users"): "id organizationId",
    ("payrollx_auth", "refresh_tokens"): "id userId",
    ("payrollx_auth", "audit_logs"): "id userId",
    ("payrollx_org", "organizations"): "id createdBy",
    ("payrollx_employee", "employees"): "id organizationId userId",
    ("payrollx_wallet", "wallets"): "id employeeId createdBy",
    ("payrollx_payroll", "payroll_runs"): "id organizationId createdBy",
    ("payrollx_payroll", "payroll_items"): "id payrollRunId employeeId",
    ("payrollx_transaction", "transactions"): "id payrollRunId employeeId",
    ("payrollx_notification", "notifications"): "id userId",
    ("payrollx_compliance", "compliance_reports"): "id createdBy",
    ("payrollx_compliance", "audit_logs"): "id userId",
}
REFERENCES = (
    ("payrollx_employee", "employees", "organizationId", "payrollx_org", "organizations"),
    ("payrollx_employee", "employees", "userId", "payrollx_auth", "users"),
    ("payrollx_wallet", "wallets", "employeeId", "payrollx_employee", "employees"),
    ("payrollx_payroll", "payroll_items", "employeeId", "payrollx_employee", "employees"),
    ("payrollx_transaction", "transactions", "employeeId", "payrollx_employee", "employees"),
)
UNIQUES = (
    ("payrollx_employee", "employees", "userId"),
    ("payrollx_wallet", "wallets", "employeeId"),
    ("payrollx_wallet", "wallets", "publicKey"),
)
MONIES = (
    ("payrollx_employee", "employees", "salary"),
    ("payrollx_payroll", "payroll_runs", "totalAmount"),
    ("payrollx_payroll", "payroll_items", "amount"),
    ("payrollx_transaction", "transactions", "amount"),
)
COPIES = (
    ("payrollx_org", "employees", "payrollx_employee"),
    ("payrollx_employee", "organizations", "payrollx_org"),
    ("payrollx_wallet", "employees", "payrollx_employee"),
    ("payrollx_payroll", "employees", "payrollx_employee"),
    ("payrollx_transaction", "employees", "payrollx_employee"),
    ("payrollx_transaction", "payroll_runs", "payrollx_payroll"),
)


def fetch(url: DatabaseUrl, query: str | sql.Composed) -> list[tuple[Any, ...]]:
    with psycopg.connect(url.conninfo()) as connection:
        return connection.execute(query).fetchall()


def column(urls: dict[str, DatabaseUrl], database: str, table: str, name: str) -> list[Any]:
    query = sql.SQL("SELECT {} FROM {}").format(sql.Identifier(name), sql.Identifier("public", table))
    return [value for (value,) in fetch(urls[database], query)]


# -- shape -------------------------------------------------------------------------------------------


def shape_of(url: DatabaseUrl) -> dict[str, list[str]]:
    rows = fetch(
        url,
        """
        SELECT c.relname, quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
            || CASE WHEN a.attnotnull THEN '' ELSE '?' END
            || coalesce(' = ' || pg_get_expr(d.adbin, d.adrelid), '')
        FROM pg_class AS c
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> '_prisma_migrations'
        ORDER BY c.relname, a.attnum
        """,
    )
    shape: dict[str, list[str]] = {}
    for table, described in rows:
        shape.setdefault(table, []).append(described.replace('"', "", 2 if described.startswith('"') else 0))
    return shape


@pytest.mark.parametrize("name", DATABASES)
def test_tables_and_columns(name: str, legacy_to_read: Any) -> None:
    tables = DATABASES[name][0].split()
    compliance = name == "payrollx_compliance"
    expected = {
        table: [
            " ".join(described.split())
            for described in COLUMNS["compliance audit_logs" if compliance and table == "audit_logs" else table]
            .replace("(65,30)", "(65;30)")
            .split(",")
        ]
        for table in tables
    }
    found = {
        t: [one.replace("(65,30)", "(65;30)") for one in columns]
        for t, columns in shape_of(legacy_to_read.urls[name]).items()
    }
    assert found == expected


@pytest.mark.parametrize("name", DATABASES)
def test_keys(name: str, legacy_to_read: Any) -> None:
    tables, keys = DATABASES[name]
    expected = {(f"{table}_pkey", "PRIMARY KEY (id)") for table in tables.split()}
    for key in filter(None, keys.split("; ")):
        table, _, rest = key.partition(".")
        if rest.endswith("!"):
            expected.add((f"{table}_{rest[:-1]}_key", f"UNIQUE ({rest[:-1]})"))
            continue
        name_, _, parent, rule = rest.split()
        expected.add((
            f"{table}_{name_}_fkey",
            f'FOREIGN KEY ("{name_}") REFERENCES {parent}(id) ON UPDATE CASCADE ON DELETE {rule}',
        ))  # fmt: skip
    found = fetch(
        legacy_to_read.urls[name],
        """
        SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'f', 'u', 'c')
            AND conrelid <> 'public._prisma_migrations'::regclass
        UNION ALL
        SELECT i.relname, format('UNIQUE (%s)', pg_get_indexdef(x.indexrelid, 1, true))
        FROM pg_index AS x JOIN pg_class AS i ON i.oid = x.indexrelid
        WHERE i.relnamespace = 'public'::regnamespace AND NOT x.indisprimary AND x.indisunique
        """,
    )
    assert set(found) == expected


@pytest.mark.parametrize("name", DATABASES)
def test_enums(name: str, legacy_to_read: Any) -> None:
    used = {
        enum for enum in ENUMS for table in shape_of(legacy_to_read.urls[name]).values() if f'"{enum}"' in str(table)
    }
    found = fetch(
        legacy_to_read.urls[name],
        "SELECT t.typname, string_agg(e.enumlabel, ' ' ORDER BY e.enumsortorder) FROM pg_type AS t "
        "JOIN pg_enum AS e ON e.enumtypid = t.oid WHERE t.typnamespace = 'public'::regnamespace GROUP BY t.typname",
    )
    assert dict(found) == {enum: ENUMS[enum] for enum in used}


@pytest.mark.parametrize("name", DATABASES)
def test_migrations_are_finished(name: str, legacy_to_read: Any) -> None:
    rows = fetch(
        legacy_to_read.urls[name],
        "SELECT length(checksum), finished_at > started_at, logs, rolled_back_at, applied_steps_count "
        'FROM public."_prisma_migrations"',
    )
    assert rows == [(64, True, None, None, 1)] * 3


# -- contents ----------------------------------------------------------------------------------------


def is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def find_troubles(urls: dict[str, DatabaseUrl]) -> set[Trouble]:
    """Look for every trouble everywhere, knowing nothing of how they were planted."""
    found: Counter[tuple[str, str]] = Counter()
    for (database, table), names in UUIDS.items():
        for name in names.split():
            values = [value for value in column(urls, database, table, name) if value is not None]
            found["unconvertible", f"{database}.public.{table}.{name}"] += sum(not is_uuid(v) for v in values)
        ids = column(urls, database, table, "id")
        found["case-collision", f"{database}.public.{table}.id"] += len(ids) - len({i.lower() for i in ids})
    for database, table, name, owner, parent in REFERENCES:
        parents = {value.lower() for value in column(urls, owner, parent, "id")}
        values = column(urls, database, table, name)
        found["orphan", f"{database}.public.{table}.{name}"] += sum(v.lower() not in parents for v in values)
    for database, table, name in UNIQUES:
        values = column(urls, database, table, name)
        found["duplicate", f"{database}.public.{table}.{name}"] += len(values) - len(set(values))
    for database, table, name in MONIES:
        values = [value for value in column(urls, database, table, name) if value is not None]
        found["lossy", f"{database}.public.{table}.{name}"] += sum(v != round(v, 18) for v in values)
        assert all(abs(value) < Decimal(10) ** 20 for value in values)
    for database, table, owner in COPIES:
        copy, owned = whole(urls[database], table), whole(urls[owner], table)
        place = f"{database}.public.{table}.id"
        found["stranded", place] += len(copy.keys() - owned.keys())
        found["missing", place] += len(owned.keys() - copy.keys())
        found["drift", place] += sum(copy[key] != owned[key] for key in copy.keys() & owned.keys())
    return {Trouble(code, place, count) for (code, place), count in found.items() if count}


def whole(url: DatabaseUrl, table: str) -> dict[str, str]:
    return dict(fetch(url, sql.SQL("SELECT id, t::text FROM {} AS t").format(sql.Identifier("public", table))))


def test_plain_databases_have_no_trouble(legacy_to_read: Any) -> None:
    assert legacy_to_read.summary.troubles == ()
    assert find_troubles(legacy_to_read.urls) == set(legacy_to_read.summary.missing)
    assert {trouble.code for trouble in legacy_to_read.summary.missing} == {"missing"}


def test_hostile_databases_have_the_troubles_that_they_say(hostile_legacy: Any) -> None:
    summary = hostile_legacy.summary
    assert find_troubles(hostile_legacy.urls) == {*summary.troubles, *summary.missing}
    assert {trouble.code for trouble in summary.troubles} == {
        "orphan", "duplicate", "unconvertible", "case-collision", "lossy", "drift", "stranded",
    }  # fmt: skip


def test_the_summary_counts_rows(legacy_to_read: Any) -> None:
    for table in legacy_to_read.summary.tables:
        assert table.rows == len(column(legacy_to_read.urls, table.database, table.table, "id"))
        assert table.bytes > 0
    assert legacy_to_read.summary.rows == sum(table.rows for table in legacy_to_read.summary.tables)


@pytest.mark.parametrize(
    ("database", "table", "name"),
    [
        ("payrollx_employee", "employees", "kycStatus"),
        ("payrollx_payroll", "payroll_items", "status"),
        ("payrollx_transaction", "transactions", "type"),
        ("payrollx_transaction", "transactions", "status"),
        ("payrollx_notification", "notifications", "type"),
        ("payrollx_notification", "notifications", "status"),
        ("payrollx_compliance", "compliance_reports", "format"),
        ("payrollx_compliance", "compliance_reports", "status"),
    ],
)
def test_every_label_is_used(database: str, table: str, name: str, legacy_to_read: Any) -> None:
    found = set(column(legacy_to_read.urls, database, table, name))
    whole_type = next(set(ENUMS[e].split()) for e in ENUMS if found <= set(ENUMS[e].split()) and len(found) > 2)
    assert found == whole_type


def test_the_rows_have_what_makes_a_copy_stumble(legacy_to_read: Any) -> None:
    shares = column(legacy_to_read.urls, "payrollx_wallet", "wallets", "keyShareIds")
    filters = column(legacy_to_read.urls, "payrollx_compliance", "compliance_reports", "filters")
    named = [one["organizationId"] for one in filters if one and "organizationId" in one]
    details = column(legacy_to_read.urls, "payrollx_auth", "audit_logs", "details")
    amounts = column(legacy_to_read.urls, "payrollx_payroll", "payroll_items", "amount")

    assert None in shares
    assert [] in shares
    assert {len(one) for one in shares if one} == {3}
    assert {is_uuid(one) for one in named} == {True, False}
    assert None in filters
    assert {None, ""} <= set(details)
    assert any("\t" in one and "\\" in one and "\n" in one for one in details if one)
    assert any(amount != round(amount, 17) for amount in amounts)
    assert any(column(legacy_to_read.urls, "payrollx_employee", "employees", "deletedAt"))
    assert any(not name.isascii() for name in column(legacy_to_read.urls, "payrollx_auth", "users", "lastName"))


# -- making ------------------------------------------------------------------------------------------


def make(server: Any, prefix: str, **options: Any) -> tuple[LegacySummary, dict[str, str]]:
    """Make a set, take every row of every table (but the migrations', which are told apart), and drop it."""
    try:
        summary = make_legacy(server.url, prefix=prefix, **options)
        rows = {}
        for table in summary.tables:
            url = server.url.with_database(prefix + table.database)
            rows[f"{table.database}.{table.table}"] = str(sorted(whole(url, table.table).items()))
    finally:
        drop_legacy(server.url, prefix=prefix)
    return summary, rows


def test_a_seed_makes_the_same_rows_again(server: Any) -> None:
    first, again = (make(server, f"seeded_{n}_", employees=5, seed=7, hostile=True) for n in (1, 2))
    other = make(server, "seeded_3_", employees=5, seed=8, hostile=True)

    assert first[1] == again[1]
    assert first[0].troubles == again[0].troubles
    assert not {table for table in first[1] if first[1][table] == other[1][table]}


def test_one_employee_is_enough(server: Any) -> None:
    events: list[DatabaseMade] = []
    summary, _ = make(server, "one_", employees=1, observer=events.append)

    assert summary.troubles == ()
    assert {event.database for event in events} == set(DATABASES)
    with pytest.raises(DevServerError, match="at least one employee"):
        make_legacy(server.url, employees=0)


def test_a_failure_ends_the_statements_under_way(server: Any) -> None:
    def fail(made: DatabaseMade) -> None:
        raise RuntimeError(made.database)

    try:
        with pytest.raises(RuntimeError, match="payrollx_"):
            make_legacy(server.url, employees=1, prefix="failing_", observer=fail)
    finally:
        drop_legacy(server.url, prefix="failing_")


def test_databases_of_others_are_refused(server: Any) -> None:
    url = create_database(server.url, "theirs_payrollx_org")
    try:
        for action in (
            lambda: make_legacy(server.url, employees=1, prefix="theirs_"),
            lambda: drop_legacy(server.url, prefix="theirs_"),
        ):
            with pytest.raises(DevServerError, match="won't drop them: theirs_payrollx_org"):
                action()
        assert fetch(url, "SELECT 1") == [(1,)]
        assert not database_exists(server.url, "theirs_payrollx_auth")
    finally:
        drop_database(server.url, "theirs_payrollx_org")


def test_its_own_databases_are_made_anew(server: Any) -> None:
    try:
        make_legacy(server.url, employees=3, prefix="again_")
        summary = make_legacy(server.url, employees=2, prefix="again_")
        url = server.url.with_database("again_payrollx_employee")
        assert fetch(url, "SELECT count(*) FROM public.employees") == [(2,)]
        assert summary.employees == 2
    finally:
        drop_legacy(server.url, prefix="again_")


def test_a_refusal_of_the_server_is_told(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("payrollx_db.devserver.legacy._read", lambda _: "SELECT nonsense")
    try:
        with pytest.raises(DevServerError, match=r"payrollx_\w+ can't be made: column \"nonsense\" does not exist"):
            make_legacy(server.url, employees=1, prefix="broken_")
    finally:
        drop_legacy(server.url, prefix="broken_")
