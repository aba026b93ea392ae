"""The hub: their tables as they are, and where each goes."""

from payrollx_db.catalogs.tec.legacy.common import FLOAT, PRISMA, TIME
from payrollx_db.model.layout import LegacyDatabase, SourceTable, TableMap

TEC_USERS = SourceTable("tec_users", {
    "id": "text", "piUid": "text", "piUsername": "text", "walletAddress": "text?", "currentStreak": "integer",
    "longestStreak": "integer", "totalXp": "integer", "level": "integer", "status": "text", "role": "text",
    "createdAt": TIME, "updatedAt": TIME, "lastActiveAt": TIME + "?",
}, indexes=(("piUsername",), ("createdAt",)))  # fmt: skip

TEC_CHECK_INS = SourceTable("tec_check_ins", {
    "id": "text", "userId": "text", "date": "date", "signal": "text", "xpEarned": "integer",
    "streakDay": "integer", "createdAt": TIME,
})  # fmt: skip

TEC_SIGNALS = SourceTable("tec_signals", {
    "id": "text", "date": "date", "type": "text", "confidence": FLOAT + "?", "metadata": "jsonb?",
    "generatedAt": TIME,
}, indexes=(("date",),))  # fmt: skip

TEC_TRANSACTIONS = SourceTable("tec_transactions", {
    "id": "text", "userId": "text", "piPaymentId": "text", "txHash": "text?", "amount": "numeric(18,7)",
    "type": "text", "status": "text", "itemId": "text?", "metadata": "jsonb?", "createdAt": TIME,
    "updatedAt": TIME, "completedAt": TIME + "?",
})  # fmt: skip

TEC_UNLOCKS = SourceTable("tec_unlocks", {
    "id": "text", "userId": "text", "featureKey": "text", "transactionId": "text?", "unlockedAt": TIME,
    "expiresAt": TIME + "?",
}, indexes=(("featureKey",),))  # fmt: skip

TEC_INVITES = SourceTable("tec_invites", {
    "id": "text", "inviterId": "text", "inviteeId": "text?", "code": "text", "status": "text", "createdAt": TIME,
    "acceptedAt": TIME + "?",
}, indexes=(("inviterId",), ("code",)))  # fmt: skip

TEC_DOMAINS = SourceTable("tec_domains", {
    "id": "text", "name": "text", "displayName": "text", "description": "text", "sector": "text",
    "category": "text", "icon": "text", "color": "text", "status": "text", "launchedAt": TIME + "?",
    "metadata": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
}, indexes=(("name",), ("category",), ("status",)))  # fmt: skip

TEC_INTEGRATIONS = SourceTable("tec_integrations", {
    "id": "text", "domainId": "text", "integrationType": "text", "targetDomain": "text?", "config": "jsonb",
    "status": "text", "lastSyncedAt": TIME + "?", "metadata": "jsonb?", "createdAt": TIME, "updatedAt": TIME,
}, indexes=(("domainId",), ("integrationType",)))  # fmt: skip

TEC_DASHBOARDS = SourceTable("tec_dashboards", {
    "id": "text", "userId": "text", "name": "text", "description": "text?", "layout": "jsonb",
    "domains": "text[]?", "isDefault": "boolean", "isPublic": "boolean", "metadata": "jsonb?", "createdAt": TIME,
    "updatedAt": TIME,
})  # fmt: skip

TEC_REPORTS = SourceTable("tec_reports", {
    "id": "text", "dashboardId": "text", "title": "text", "reportType": "text", "domains": "text[]?",
    "data": "jsonb", "period": "jsonb", "generatedAt": TIME, "metadata": "jsonb?",
})  # fmt: skip

TEC_ANALYTICS = SourceTable("tec_analytics", {
    "id": "text", "reportId": "text", "domain": "text", "metric": "text", "value": FLOAT, "unit": "text?",
    "dimensions": "jsonb?", "timestamp": TIME,
})  # fmt: skip

TEC = LegacyDatabase(
    "tec_hub", variable="TEC", service="tec", discards=(PRISMA,),
    maps=(
        TableMap(TEC_USERS, "tec.users"),
        TableMap(TEC_CHECK_INS, "tec.check_ins"),
        TableMap(TEC_SIGNALS, "tec.signals"),
        TableMap(TEC_TRANSACTIONS, "tec.transactions"),
        TableMap(TEC_UNLOCKS, "tec.unlocks"),
        TableMap(TEC_INVITES, "tec.invites"),
        TableMap(TEC_DOMAINS, "tec.domains"),
        TableMap(TEC_INTEGRATIONS, "tec.integrations"),
        TableMap(TEC_DASHBOARDS, "tec.dashboards"),
        TableMap(TEC_REPORTS, "tec.reports"),
        TableMap(TEC_ANALYTICS, "tec.analytics"),
    ),
)  # fmt: skip
