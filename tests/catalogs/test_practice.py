"""The invented legacy databases are shaped as Prisma shapes them."""

from typing import Any

import pytest
from practice_rows import DATABASES, ENUMS, fetch

from payrollx_db.postgres.url import DatabaseUrl

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
