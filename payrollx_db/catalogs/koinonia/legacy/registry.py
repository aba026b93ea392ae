"""The registry's database, where its columns go, and what is left in it of the time when it was all churches' one.

A tenant's password leaves with the URL that has it: where a tenant is, its schema says. What the old tables hold, from
before each church had a database, is in the tenants' databases, as it was carried over and has gone on.
"""

from payrollx_db.model.layout import Discard, SourceTable, TableMap

TIME = "timestamp(3)"
FLOAT = "double precision"

CHURCH = SourceTable("Church", {
    "id": "text", "name": "text", "email": "text", "stripeCustomerId": "text?", "telnyxPhoneNumber": "text?",
    "telnyxNumberSid": "text?", "telnyxWebhookId": "text?", "telnyxVerified": "boolean",
    "telnyxPurchasedAt": TIME + "?", "telnyxPhoneLinkingStatus": "text",
    "telnyxPhoneLinkingLastAttempt": TIME + "?", "telnyxPhoneLinkingRetryCount": "integer",
    "telnyxPhoneLinkingError": "text?", "telnyxNumberStatus": "text", "telnyxNumberDeletedAt": TIME + "?",
    "telnyxNumberDeletedBy": "text?", "telnyxNumberRecoveryDeadline": TIME + "?", "rcsAgentId": "text?",
    "rcsAgentWebhookConfigured": "boolean", "dlcBrandId": "text?", "tcrBrandId": "text?", "dlcStatus": "text",
    "dlcRegisteredAt": TIME + "?", "dlcApprovedAt": TIME + "?", "dlcRejectionReason": "text?",
    "dlcNextCheckAt": TIME + "?", "dlcCampaignId": "text?", "dlcCampaignStatus": "text?",
    "dlcNumberAssignedAt": TIME + "?", "dlcCampaignSuspended": "boolean", "dlcCampaignSuspendedAt": TIME + "?",
    "dlcCampaignSuspendedReason": "text?", "usingSharedBrand": "boolean", "wantsPremiumDelivery": "boolean",
    "deliveryRate": FLOAT, "ein": "text?", "einHash": "text?", "einEncryptedAt": TIME + "?",
    "einAccessedAt": TIME + "?", "einAccessedBy": "text?", "brandPhoneNumber": "text?", "streetAddress": "text?",
    "city": "text?", "state": "text?", "postalCode": "text?", "website": "text?", "entityType": "text",
    "vertical": "text", "trialEndsAt": TIME, "subscriptionStatus": "text", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

TENANT = SourceTable("Tenant", {
    "id": "text", "churchId": "text", "name": "text", "email": "text",
    "databaseHost": "text", "databasePort": "integer", "databaseName": "text", "subscriptionStatus": "text",
    "subscriptionPlan": "text", "trialEndsAt": TIME + "?", "telnyxPhoneNumber": "text?",
    "telnyxNumberSid": "text?", "status": "text", "schemaVersion": "text", "createdAt": TIME, "updatedAt": TIME,
    "lastAccessedAt": TIME,
})  # fmt: skip

PHONE_NUMBER_REGISTRY = SourceTable("PhoneNumberRegistry", {
    "id": "text", "phoneNumber": "text", "tenantId": "text", "registeredAt": TIME, "assignedAt": TIME,
})  # fmt: skip

ADMIN_EMAIL_INDEX = SourceTable("AdminEmailIndex", {
    "id": "text", "emailHash": "text", "email": "text", "tenantId": "text", "adminId": "text", "createdAt": TIME,
})  # fmt: skip

CARRIED_OVER = "of all churches, from before each had a database of its own"
OLD_TABLES = (
    "Branch", "Member", "Message", "MessageRecipient", "MessageTemplate", "RecurringMessage", "Admin",
    "Subscription", "PlanningCenterIntegration", "Conversation", "ConversationMessage", "MessageQueue",
    "AnalyticsEvent", "ChatConversation", "ChatMessage", "AgentAudit", "ConsentLog", "AccountDeletionRequest",
    "DataExport", "AdminMFA", "MFARecoveryCode", "NPSSurvey", "DeadLetterQueue", "OnboardingProgress", "Group",
    "GroupMember",
)  # fmt: skip

DISCARDS = (
    Discard("_prisma_migrations", "Prisma's own bookkeeping; Alembic keeps the unified database's"),
    Discard("Tenant", "a password stays in no table: the column schema says where a tenant is", "databaseUrl"),
    *(Discard(table, CARRIED_OVER) for table in OLD_TABLES),
)

MAPS = (
    TableMap(CHURCH, "registry.churches"),
    TableMap(PHONE_NUMBER_REGISTRY, "registry.phone_number_registry"),
    TableMap(ADMIN_EMAIL_INDEX, "registry.admin_email_index"),
)
