"""PayrollX's legacy layout: eight Prisma databases, one a service, and where each column of theirs goes.

Pure data, to be audited line by line. What the general rules say isn't repeated: a camelCase column
goes to its snake_case namesake, text ids become uuid, timestamps are UTC, enums go by their labels.
"""

from payrollx_db.model.layout import Discard, DuplicateTable, Layout, LegacyDatabase, Lookup, SourceTable, TableMap

PRISMA = Discard("_prisma_migrations", "Prisma's own bookkeeping; Alembic keeps the unified database's")

TIME = "timestamp(3)"
MONEY = "numeric(65,30)"

USERS = SourceTable("users", {
    "id": "text", "email": "text", "password": "text", "firstName": "text", "lastName": "text", "role": "text",
    "organizationId": "text?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

REFRESH_TOKENS = SourceTable("refresh_tokens", {
    "id": "text", "token": "text", "userId": "text", "expiresAt": TIME, "createdAt": TIME,
})  # fmt: skip

AUTH_AUDIT_LOGS = SourceTable("audit_logs", {
    "id": "text", "userId": "text", "action": "text", "entityType": "text", "entityId": "text", "details": "text?",
    "ipAddress": "text?", "userAgent": "text?", "createdAt": TIME,
})  # fmt: skip

ORGANIZATIONS = SourceTable("organizations", {
    "id": "text", "name": "text", "config": "jsonb?", "authorizedSigners": "text[]?", "onboardingCompleted": "boolean",
    "createdBy": "text", "createdAt": TIME, "updatedAt": TIME, "deletedAt": TIME + "?",
})  # fmt: skip

EMPLOYEES = SourceTable("employees", {
    "id": "text", "organizationId": "text", "userId": "text", "walletAddress": "text?", "kycStatus": "KycStatus",
    "kycDocuments": "jsonb?", "salary": MONEY + "?", "paymentToken": "text?", "createdAt": TIME, "updatedAt": TIME,
    "deletedAt": TIME + "?",
})  # fmt: skip

WALLETS = SourceTable("wallets", {
    "id": "text", "employeeId": "text", "publicKey": "text", "keyShareIds": "text[]?", "provider": "text",
    "createdBy": "text", "createdAt": TIME, "updatedAt": TIME, "deletedAt": TIME + "?",
})  # fmt: skip

PAYROLL_RUNS = SourceTable("payroll_runs", {
    "id": "text", "organizationId": "text", "status": "PayrollStatus", "scheduledDate": TIME, "totalAmount": MONEY,
    "currency": "text", "createdBy": "text", "createdAt": TIME, "updatedAt": TIME, "deletedAt": TIME + "?",
})  # fmt: skip

PAYROLL_ITEMS = SourceTable("payroll_items", {
    "id": "text", "payrollRunId": "text", "employeeId": "text", "amount": MONEY, "status": "PayrollStatus",
    "txSignature": "text?", "retryCount": "integer", "createdAt": TIME, "updatedAt": TIME, "deletedAt": TIME + "?",
})  # fmt: skip

TRANSACTIONS = SourceTable("transactions", {
    "id": "text", "payrollRunId": "text", "employeeId": "text", "type": "TransactionType", "amount": MONEY,
    "tokenAddress": "text?", "signature": "text?", "status": "TransactionStatus", "error": "text?", "notes": "text?",
    "createdAt": TIME, "updatedAt": TIME, "completedAt": TIME + "?",
})  # fmt: skip

NOTIFICATIONS = SourceTable("notifications", {
    "id": "text", "userId": "text", "type": "NotificationType", "recipient": "text", "subject": "text",
    "content": "text", "templateId": "text?", "metadata": "jsonb?", "status": "NotificationStatus", "error": "text?",
    "createdAt": TIME, "updatedAt": TIME, "sentAt": TIME + "?",
})  # fmt: skip

COMPLIANCE_REPORTS = SourceTable("compliance_reports", {
    "id": "text", "name": "text", "format": "ReportFormat", "status": "ReportStatus", "startDate": TIME,
    "endDate": TIME, "filters": "jsonb?", "filePath": "text?", "error": "text?", "createdBy": "text",
    "createdAt": TIME, "updatedAt": TIME, "completedAt": TIME + "?",
})  # fmt: skip

COMPLIANCE_AUDIT_LOGS = SourceTable("audit_logs", {
    "id": "text", "userId": "text", "action": "text", "entityType": "text", "entityId": "text", "details": "jsonb?",
    "ipAddress": "text?", "userAgent": "text?", "createdAt": TIME,
})  # fmt: skip

AUDIT_RENAMES = {"entityType": "resource", "entityId": "resource_id"}

AUTH = LegacyDatabase(
    "payrollx_auth", variable="AUTH", service="auth", discards=(PRISMA,),
    maps=(
        TableMap(USERS, "auth.users"),
        TableMap(REFRESH_TOKENS, "auth.refresh_tokens"),
        TableMap(
            AUTH_AUDIT_LOGS, "auth.audit_logs", rename=AUDIT_RENAMES,
            # The legacy kept free text here, so it becomes a JSON string, whatever it looks like.
            derive={"details": "pg_catalog.to_jsonb({details})"},
            inverse={"details": "{details} #>> '{{}}'"},
        ),
    ),
)  # fmt: skip

ORGANIZATION = LegacyDatabase(
    "payrollx_org", variable="ORG", service="organization", discards=(PRISMA,),
    maps=(
        TableMap(
            ORGANIZATIONS, "organization.organizations",
            new=("description", "email", "website", "address", "industry", "size"),
        ),
        TableMap(ORGANIZATIONS, "organization.organization_settings", rename={"id": "organization_id"}),
    ),
    duplicates=(DuplicateTable(EMPLOYEES, owner="payrollx_employee"),),
)  # fmt: skip

EMPLOYEE = LegacyDatabase(
    "payrollx_employee", variable="EMPLOYEE", service="employee", discards=(PRISMA,),
    maps=(
        TableMap(
            EMPLOYEES, "employee.employees",
            derive={"is_active": "{deletedAt} IS NULL"},
            new=("position", "department", "start_date", "end_date"),
        ),
    ),
    duplicates=(DuplicateTable(ORGANIZATIONS, owner="payrollx_org"),),
)  # fmt: skip

WALLET = LegacyDatabase(
    "payrollx_wallet", variable="WALLET", service="wallet", discards=(PRISMA,),
    maps=(TableMap(WALLETS, "wallet.wallets", derive={"is_active": "{deletedAt} IS NULL"}),),
    duplicates=(DuplicateTable(EMPLOYEES, owner="payrollx_employee"),),
)  # fmt: skip

PAYROLL = LegacyDatabase(
    "payrollx_payroll", variable="PAYROLL", service="payroll", discards=(PRISMA,),
    maps=(
        TableMap(PAYROLL_RUNS, "payroll.payroll_runs", new=("period_start", "period_end", "processed_at")),
        TableMap(
            PAYROLL_ITEMS, "payroll.payroll_items",
            derive={"currency": "{run.currency}"},
            lookups={"run": Lookup("payroll_runs", on={"id": "payrollRunId"})},
            new=("processed_at",),
        ),
    ),
    duplicates=(DuplicateTable(EMPLOYEES, owner="payrollx_employee"),),
)  # fmt: skip

TRANSACTION = LegacyDatabase(
    "payrollx_transaction", variable="TRANSACTION", service="transaction", discards=(PRISMA,),
    # wallet_id stays NULL: the legacy never said which wallet was used, and nothing is guessed.
    maps=(TableMap(TRANSACTIONS, "transaction.transactions", new=("currency", "block_hash", "wallet_id")),),
    duplicates=(
        DuplicateTable(PAYROLL_RUNS, owner="payrollx_payroll"),
        DuplicateTable(EMPLOYEES, owner="payrollx_employee"),
    ),
)  # fmt: skip

NOTIFICATION = LegacyDatabase(
    "payrollx_notification", variable="NOTIFICATION", service="notification", discards=(PRISMA,),
    maps=(
        TableMap(
            NOTIFICATIONS, "notification.notifications",
            rename={"subject": "title", "content": "message"},
            derive={"is_read": "{status}::text = 'READ'"},
        ),
    ),
)  # fmt: skip

COMPLIANCE = LegacyDatabase(
    "payrollx_compliance", variable="COMPLIANCE", service="compliance", discards=(PRISMA,),
    maps=(
        TableMap(
            COMPLIANCE_REPORTS, "compliance.compliance_reports",
            rename={"completedAt": "generated_at"},
            derive={
                "organization_id": """CASE WHEN {filters} ->> 'organizationId'
                    ~ '^[0-9A-Fa-f]{{8}}(-[0-9A-Fa-f]{{4}}){{3}}-[0-9A-Fa-f]{{12}}$'
                    THEN ({filters} ->> 'organizationId')::uuid END""",
            },
            new=("type", "data"),
        ),
        TableMap(COMPLIANCE_AUDIT_LOGS, "compliance.audit_logs", rename=AUDIT_RENAMES),
    ),
)  # fmt: skip

LAYOUT = Layout(
    "legacy",
    (AUTH, ORGANIZATION, EMPLOYEE, WALLET, PAYROLL, TRANSACTION, NOTIFICATION, COMPLIANCE),
    timezone="UTC",
    migrations="prisma",
)
