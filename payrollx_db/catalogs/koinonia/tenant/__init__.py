"""A church's 25 tables, as each tenant has them, without a tenant's id: whose rows they are, the session says."""

from payrollx_db.catalogs.koinonia.tenant.account import (
    AccountDeletionRequest,
    AgentAudit,
    AnalyticsEvent,
    DataExport,
    NPSSurvey,
    OnboardingProgress,
    PlanningCenterIntegration,
    Subscription,
)
from payrollx_db.catalogs.koinonia.tenant.conversations import (
    ChatConversation,
    ChatMessage,
    Conversation,
    ConversationMessage,
    MessageReaction,
)
from payrollx_db.catalogs.koinonia.tenant.messages import (
    DeadLetter,
    Message,
    MessageQueue,
    MessageRecipient,
    MessageTemplate,
    RecurringMessage,
)
from payrollx_db.catalogs.koinonia.tenant.people import Admin, AdminMFA, Branch, ConsentLog, Member, MFARecoveryCode
from payrollx_db.catalogs.koinonia.tenant.service import service

__all__ = [
    "AccountDeletionRequest",
    "Admin",
    "AdminMFA",
    "AgentAudit",
    "AnalyticsEvent",
    "Branch",
    "ChatConversation",
    "ChatMessage",
    "ConsentLog",
    "Conversation",
    "ConversationMessage",
    "DataExport",
    "DeadLetter",
    "MFARecoveryCode",
    "Member",
    "Message",
    "MessageQueue",
    "MessageReaction",
    "MessageRecipient",
    "MessageTemplate",
    "NPSSurvey",
    "OnboardingProgress",
    "PlanningCenterIntegration",
    "RecurringMessage",
    "Subscription",
    "service",
]
