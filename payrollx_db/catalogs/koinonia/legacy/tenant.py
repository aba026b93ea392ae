"""A church's database as `prisma db push` makes it, and where each of its columns goes.

None of them has Prisma's bookkeeping. Older ones lack a table and some columns. Text that holds JSON becomes JSON, and
the empty one, which is none, becomes NULL.
"""

from types import MappingProxyType

from payrollx_db.model.layout import LegacyDatabase, SourceTable, TableMap

TIME = "timestamp(3)"

BRANCH = SourceTable("Branch", {
    "id": "text", "name": "text", "address": "text?", "phone": "text?", "description": "text?",
    "isActive": "boolean", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

MEMBER = SourceTable("Member", {
    "id": "text", "firstName": "text", "lastName": "text", "phone": "text", "phoneHash": "text?",
    "email": "text?", "encryptedEmail": "text?", "emailHash": "text?", "optInSms": "boolean", "createdAt": TIME,
    "updatedAt": TIME,
})  # fmt: skip

MESSAGE = SourceTable("Message", {
    "id": "text", "content": "text", "status": "text", "targetType": "text", "targetIds": "text",
    "totalRecipients": "integer", "deliveredCount": "integer", "failedCount": "integer", "sentAt": TIME + "?",
    "createdAt": TIME,
})  # fmt: skip

MESSAGE_RECIPIENT = SourceTable("MessageRecipient", {
    "id": "text", "messageId": "text", "memberId": "text", "status": "text", "providerMessageId": "text?",
    "deliveredAt": TIME + "?", "failedAt": TIME + "?", "failureReason": "text?",
})  # fmt: skip

MESSAGE_TEMPLATE = SourceTable("MessageTemplate", {
    "id": "text", "name": "text", "content": "text", "category": "text", "isDefault": "boolean",
    "usageCount": "integer", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

RECURRING_MESSAGE = SourceTable("RecurringMessage", {
    "id": "text", "name": "text", "content": "text", "targetType": "text", "targetIds": "text",
    "frequency": "text", "dayOfWeek": "integer?", "timeOfDay": "text?", "nextSendAt": TIME, "isActive": "boolean",
    "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

ADMIN = SourceTable("Admin", {
    "id": "text", "email": "text", "encryptedEmail": "text?", "emailHash": "text?", "passwordHash": "text",
    "firstName": "text", "lastName": "text", "role": "text", "invitationToken": "text?",
    "invitationExpiresAt": TIME + "?", "lastLoginAt": TIME + "?", "welcomeCompleted": "boolean",
    "userRole": "text?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

SUBSCRIPTION = SourceTable("Subscription", {
    "id": "text", "stripeSubId": "text?", "plan": "text", "billingCycle": "text", "status": "text",
    "currentPeriodStart": TIME + "?", "currentPeriodEnd": TIME + "?", "cancelledAt": TIME + "?",
    "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

PLANNING_CENTER_INTEGRATION = SourceTable("PlanningCenterIntegration", {
    "id": "text", "organizationId": "text", "accessToken": "text", "refreshToken": "text?",
    "expiresAt": TIME + "?", "isEnabled": "boolean", "memberSyncEnabled": "boolean",
    "serviceSyncEnabled": "boolean", "syncStatus": "text", "lastSyncAt": TIME + "?", "errorMessage": "text?",
    "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

CONVERSATION = SourceTable("Conversation", {
    "id": "text", "memberId": "text", "lastMessageAt": TIME + "?", "status": "text", "unreadCount": "integer",
    "createdAt": TIME, "updatedAt": TIME, "recipientRcsCapable": "boolean", "isTyping": "boolean",
    "lastTypingAt": TIME + "?",
})  # fmt: skip

CONVERSATION_MESSAGE = SourceTable("ConversationMessage", {
    "id": "text", "conversationId": "text", "memberId": "text", "content": "text", "direction": "text",
    "providerMessageId": "text?", "deliveryStatus": "text?", "channel": "text", "rcsReadAt": TIME + "?",
    "rcsFallbackReason": "text?", "replyToId": "text?", "sendEffect": "text?", "mediaUrl": "text?",
    "mediaType": "text?", "mediaName": "text?", "mediaSizeBytes": "integer?", "mediaS3Key": "text?",
    "mediaMimeType": "text?", "mediaWidth": "integer?", "mediaHeight": "integer?", "mediaDuration": "integer?",
    "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

MESSAGE_REACTION = SourceTable("MessageReaction", {
    "id": "text", "messageId": "text", "emoji": "text", "reactedBy": "text", "createdAt": TIME,
})  # fmt: skip

MESSAGE_QUEUE = SourceTable("MessageQueue", {
    "id": "text", "phone": "text", "content": "text", "mediaS3Url": "text?", "conversationMessageId": "text?",
    "status": "text", "retryCount": "integer", "lastError": "text?", "sentAt": TIME + "?", "failedAt": TIME + "?",
    "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

ANALYTICS_EVENT = SourceTable("AnalyticsEvent", {
    "id": "text", "eventName": "text", "properties": "text?", "createdAt": TIME,
})  # fmt: skip

CHAT_CONVERSATION = SourceTable("ChatConversation", {
    "id": "text", "adminId": "text?", "visitorId": "text?", "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

CHAT_MESSAGE = SourceTable("ChatMessage", {
    "id": "text", "conversationId": "text", "role": "text", "content": "text", "createdAt": TIME,
})  # fmt: skip

AGENT_AUDIT = SourceTable("AgentAudit", {
    "id": "text", "agentType": "text", "eventType": "text", "githubPrNumber": "integer?", "githubBranch": "text?",
    "status": "text", "findings": "text", "recommendations": "text", "severity": "text?", "error": "text?",
    "createdAt": TIME,
})  # fmt: skip

CONSENT_LOG = SourceTable("ConsentLog", {
    "id": "text", "memberId": "text?", "adminId": "text?", "type": "text", "status": "text", "reason": "text?",
    "source": "text", "createdAt": TIME,
})  # fmt: skip

ACCOUNT_DELETION_REQUEST = SourceTable("AccountDeletionRequest", {
    "id": "text", "initiatedBy": "text", "confirmationToken": "text", "status": "text",
    "scheduledDeletionAt": TIME, "actualDeletionAt": TIME + "?", "reason": "text?", "cancelledAt": TIME + "?",
    "cancelledBy": "text?", "createdAt": TIME,
})  # fmt: skip

DATA_EXPORT = SourceTable("DataExport", {
    "id": "text", "requestedBy": "text", "status": "text", "fileUrl": "text?", "fileSize": "integer?",
    "expiresAt": TIME, "errorMessage": "text?", "createdAt": TIME, "completedAt": TIME + "?",
})  # fmt: skip

ADMIN_MFA = SourceTable("AdminMFA", {
    "id": "text", "adminId": "text", "totpSecret": "text", "mfaEnabled": "boolean", "backupCodesUsed": "text",
    "enabledAt": TIME + "?", "disabledAt": TIME + "?", "lastVerifiedAt": TIME + "?", "createdAt": TIME,
    "updatedAt": TIME,
})  # fmt: skip

MFA_RECOVERY_CODE = SourceTable("MFARecoveryCode", {
    "id": "text", "adminId": "text", "code": "text", "index": "integer", "usedAt": TIME + "?", "createdAt": TIME,
})  # fmt: skip

NPS_SURVEY = SourceTable("NPSSurvey", {
    "id": "text", "responderId": "text?", "score": "integer", "category": "text", "feedback": "text?",
    "sentiment": "text?", "followupEmail": "text?", "followupSent": "boolean", "createdAt": TIME,
    "respondedAt": TIME,
})  # fmt: skip

DEAD_LETTER_QUEUE = SourceTable("DeadLetterQueue", {
    "id": "text", "category": "text", "externalId": "text?", "originalPayload": "jsonb", "errorMessage": "text",
    "errorStack": "text?", "metadata": "jsonb?", "status": "text", "retryCount": "integer",
    "firstAttemptAt": TIME, "lastAttemptAt": TIME, "createdAt": TIME, "updatedAt": TIME,
})  # fmt: skip

ONBOARDING_PROGRESS = SourceTable("OnboardingProgress", {
    "id": "text", "taskId": "text", "completed": "boolean", "completedAt": TIME + "?", "createdAt": TIME,
    "updatedAt": TIME,
})  # fmt: skip

TEMPLATE = LegacyDatabase(
    "koinonia_tenant_template", variable="TENANT", service="tenant",
    maps=(
        TableMap(BRANCH, "tenant.branches"),
        TableMap(MEMBER, "tenant.members"),
        TableMap(MESSAGE, "tenant.messages", empty_as_null=frozenset({"targetIds"})),
        TableMap(MESSAGE_RECIPIENT, "tenant.message_recipients"),
        TableMap(MESSAGE_TEMPLATE, "tenant.message_templates"),
        TableMap(RECURRING_MESSAGE, "tenant.recurring_messages", empty_as_null=frozenset({"targetIds"})),
        TableMap(ADMIN, "tenant.admins"),
        TableMap(SUBSCRIPTION, "tenant.subscriptions"),
        TableMap(PLANNING_CENTER_INTEGRATION, "tenant.planning_center_integrations"),
        TableMap(CONVERSATION, "tenant.conversations"),
        TableMap(CONVERSATION_MESSAGE, "tenant.conversation_messages"),
        TableMap(MESSAGE_REACTION, "tenant.message_reactions"),
        TableMap(MESSAGE_QUEUE, "tenant.message_queue"),
        TableMap(ANALYTICS_EVENT, "tenant.analytics_events", empty_as_null=frozenset({"properties"})),
        TableMap(CHAT_CONVERSATION, "tenant.chat_conversations"),
        TableMap(CHAT_MESSAGE, "tenant.chat_messages"),
        TableMap(AGENT_AUDIT, "tenant.agent_audits", empty_as_null=frozenset({"findings", "recommendations"})),
        TableMap(CONSENT_LOG, "tenant.consent_logs"),
        TableMap(ACCOUNT_DELETION_REQUEST, "tenant.account_deletion_requests"),
        TableMap(DATA_EXPORT, "tenant.data_exports"),
        TableMap(ADMIN_MFA, "tenant.admin_mfa", empty_as_null=frozenset({"backupCodesUsed"})),
        TableMap(MFA_RECOVERY_CODE, "tenant.mfa_recovery_codes", rename={"index": "position"}),
        TableMap(NPS_SURVEY, "tenant.nps_surveys"),
        TableMap(DEAD_LETTER_QUEUE, "tenant.dead_letter_queue"),
        TableMap(ONBOARDING_PROGRESS, "tenant.onboarding_progress"),
    ),
)  # fmt: skip

# What was added on 2026-01-06: a database that was made before it, and pushed to never again, lacks any of it.
OLDER = MappingProxyType({
    "MessageReaction": frozenset[str](),
    "Conversation": frozenset({"recipientRcsCapable", "isTyping", "lastTypingAt"}),
    "ConversationMessage": frozenset({"channel", "rcsReadAt", "rcsFallbackReason", "replyToId", "sendEffect"}),
})  # fmt: skip
