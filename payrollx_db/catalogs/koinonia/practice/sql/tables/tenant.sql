CREATE TABLE public."Branch" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "address" TEXT,
    "phone" TEXT,
    "description" TEXT,
    "isActive" BOOLEAN NOT NULL DEFAULT true,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "Branch_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "Branch_isActive_idx" ON public."Branch"("isActive");

CREATE TABLE public."Member" (
    "id" TEXT NOT NULL,
    "firstName" TEXT NOT NULL,
    "lastName" TEXT NOT NULL,
    "phone" TEXT NOT NULL,
    "phoneHash" TEXT,
    "email" TEXT,
    "encryptedEmail" TEXT,
    "emailHash" TEXT,
    "optInSms" BOOLEAN NOT NULL DEFAULT true,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "Member_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "Member_email_key" ON public."Member"("email");
CREATE INDEX "Member_phoneHash_idx" ON public."Member"("phoneHash");
CREATE INDEX "Member_email_idx" ON public."Member"("email");
CREATE INDEX "Member_emailHash_idx" ON public."Member"("emailHash");
CREATE INDEX "Member_createdAt_idx" ON public."Member"("createdAt");
CREATE INDEX "Member_firstName_lastName_idx" ON public."Member"("firstName", "lastName");

CREATE TABLE public."Message" (
    "id" TEXT NOT NULL,
    "content" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "targetType" TEXT NOT NULL,
    "targetIds" TEXT NOT NULL DEFAULT '',
    "totalRecipients" INTEGER NOT NULL DEFAULT 0,
    "deliveredCount" INTEGER NOT NULL DEFAULT 0,
    "failedCount" INTEGER NOT NULL DEFAULT 0,
    "sentAt" TIMESTAMP(3),
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "Message_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "Message_status_idx" ON public."Message"("status");
CREATE INDEX "Message_sentAt_idx" ON public."Message"("sentAt");
CREATE INDEX "Message_createdAt_idx" ON public."Message"("createdAt");

CREATE TABLE public."MessageRecipient" (
    "id" TEXT NOT NULL,
    "messageId" TEXT NOT NULL,
    "memberId" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "providerMessageId" TEXT,
    "deliveredAt" TIMESTAMP(3),
    "failedAt" TIMESTAMP(3),
    "failureReason" TEXT,
    CONSTRAINT "MessageRecipient_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "MessageRecipient_messageId_memberId_key" ON public."MessageRecipient"("messageId", "memberId");
CREATE INDEX "MessageRecipient_messageId_idx" ON public."MessageRecipient"("messageId");
CREATE INDEX "MessageRecipient_memberId_idx" ON public."MessageRecipient"("memberId");
CREATE INDEX "MessageRecipient_status_idx" ON public."MessageRecipient"("status");
CREATE INDEX "MessageRecipient_messageId_status_idx" ON public."MessageRecipient"("messageId", "status");

CREATE TABLE public."MessageTemplate" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "content" TEXT NOT NULL,
    "category" TEXT NOT NULL,
    "isDefault" BOOLEAN NOT NULL DEFAULT false,
    "usageCount" INTEGER NOT NULL DEFAULT 0,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "MessageTemplate_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "MessageTemplate_category_idx" ON public."MessageTemplate"("category");

CREATE TABLE public."RecurringMessage" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "content" TEXT NOT NULL,
    "targetType" TEXT NOT NULL,
    "targetIds" TEXT NOT NULL DEFAULT '',
    "frequency" TEXT NOT NULL,
    "dayOfWeek" INTEGER,
    "timeOfDay" TEXT,
    "nextSendAt" TIMESTAMP(3) NOT NULL,
    "isActive" BOOLEAN NOT NULL DEFAULT true,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "RecurringMessage_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "RecurringMessage_nextSendAt_idx" ON public."RecurringMessage"("nextSendAt");
CREATE INDEX "RecurringMessage_isActive_idx" ON public."RecurringMessage"("isActive");

CREATE TABLE public."Admin" (
    "id" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "encryptedEmail" TEXT,
    "emailHash" TEXT,
    "passwordHash" TEXT NOT NULL,
    "firstName" TEXT NOT NULL,
    "lastName" TEXT NOT NULL,
    "role" TEXT NOT NULL DEFAULT 'CO_ADMIN',
    "invitationToken" TEXT,
    "invitationExpiresAt" TIMESTAMP(3),
    "lastLoginAt" TIMESTAMP(3),
    "welcomeCompleted" BOOLEAN NOT NULL DEFAULT false,
    "userRole" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "Admin_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "Admin_email_key" ON public."Admin"("email");
CREATE INDEX "Admin_emailHash_idx" ON public."Admin"("emailHash");
CREATE INDEX "Admin_role_idx" ON public."Admin"("role");

CREATE TABLE public."Subscription" (
    "id" TEXT NOT NULL,
    "stripeSubId" TEXT,
    "plan" TEXT NOT NULL DEFAULT 'starter',
    "billingCycle" TEXT NOT NULL DEFAULT 'monthly',
    "status" TEXT NOT NULL DEFAULT 'active',
    "currentPeriodStart" TIMESTAMP(3),
    "currentPeriodEnd" TIMESTAMP(3),
    "cancelledAt" TIMESTAMP(3),
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "Subscription_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "Subscription_stripeSubId_key" ON public."Subscription"("stripeSubId");
CREATE INDEX "Subscription_plan_idx" ON public."Subscription"("plan");
CREATE INDEX "Subscription_billingCycle_idx" ON public."Subscription"("billingCycle");
CREATE INDEX "Subscription_status_idx" ON public."Subscription"("status");

CREATE TABLE public."PlanningCenterIntegration" (
    "id" TEXT NOT NULL,
    "organizationId" TEXT NOT NULL,
    "accessToken" TEXT NOT NULL,
    "refreshToken" TEXT,
    "expiresAt" TIMESTAMP(3),
    "isEnabled" BOOLEAN NOT NULL DEFAULT true,
    "memberSyncEnabled" BOOLEAN NOT NULL DEFAULT true,
    "serviceSyncEnabled" BOOLEAN NOT NULL DEFAULT false,
    "syncStatus" TEXT NOT NULL DEFAULT 'pending',
    "lastSyncAt" TIMESTAMP(3),
    "errorMessage" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "PlanningCenterIntegration_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "PlanningCenterIntegration_isEnabled_idx" ON public."PlanningCenterIntegration"("isEnabled");
CREATE INDEX "PlanningCenterIntegration_syncStatus_idx" ON public."PlanningCenterIntegration"("syncStatus");
CREATE INDEX "PlanningCenterIntegration_lastSyncAt_idx" ON public."PlanningCenterIntegration"("lastSyncAt");

CREATE TABLE public."Conversation" (
    "id" TEXT NOT NULL,
    "memberId" TEXT NOT NULL,
    "lastMessageAt" TIMESTAMP(3),
    "status" TEXT NOT NULL DEFAULT 'open',
    "unreadCount" INTEGER NOT NULL DEFAULT 0,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    "recipientRcsCapable" BOOLEAN NOT NULL DEFAULT false,
    "isTyping" BOOLEAN NOT NULL DEFAULT false,
    "lastTypingAt" TIMESTAMP(3),
    CONSTRAINT "Conversation_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "Conversation_memberId_key" ON public."Conversation"("memberId");
CREATE INDEX "Conversation_memberId_idx" ON public."Conversation"("memberId");
CREATE INDEX "Conversation_lastMessageAt_idx" ON public."Conversation"("lastMessageAt");
CREATE INDEX "Conversation_status_idx" ON public."Conversation"("status");

CREATE TABLE public."ConversationMessage" (
    "id" TEXT NOT NULL,
    "conversationId" TEXT NOT NULL,
    "memberId" TEXT NOT NULL,
    "content" TEXT NOT NULL,
    "direction" TEXT NOT NULL,
    "providerMessageId" TEXT,
    "deliveryStatus" TEXT,
    "channel" TEXT NOT NULL DEFAULT 'sms',
    "rcsReadAt" TIMESTAMP(3),
    "rcsFallbackReason" TEXT,
    "replyToId" TEXT,
    "sendEffect" TEXT,
    "mediaUrl" TEXT,
    "mediaType" TEXT,
    "mediaName" TEXT,
    "mediaSizeBytes" INTEGER,
    "mediaS3Key" TEXT,
    "mediaMimeType" TEXT,
    "mediaWidth" INTEGER,
    "mediaHeight" INTEGER,
    "mediaDuration" INTEGER,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "ConversationMessage_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "ConversationMessage_conversationId_idx" ON public."ConversationMessage"("conversationId");
CREATE INDEX "ConversationMessage_direction_idx" ON public."ConversationMessage"("direction");
CREATE INDEX "ConversationMessage_providerMessageId_idx" ON public."ConversationMessage"("providerMessageId");
CREATE INDEX "ConversationMessage_channel_idx" ON public."ConversationMessage"("channel");
CREATE INDEX "ConversationMessage_replyToId_idx" ON public."ConversationMessage"("replyToId");
CREATE INDEX "ConversationMessage_mediaType_idx" ON public."ConversationMessage"("mediaType");
CREATE INDEX "ConversationMessage_createdAt_idx" ON public."ConversationMessage"("createdAt");
CREATE INDEX "ConversationMessage_conversationId_createdAt_idx" ON public."ConversationMessage"("conversationId", "createdAt");
CREATE INDEX "ConversationMessage_direction_conversationId_idx" ON public."ConversationMessage"("direction", "conversationId");

CREATE TABLE public."MessageReaction" (
    "id" TEXT NOT NULL,
    "messageId" TEXT NOT NULL,
    "emoji" TEXT NOT NULL,
    "reactedBy" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "MessageReaction_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "MessageReaction_messageId_emoji_reactedBy_key" ON public."MessageReaction"("messageId", "emoji", "reactedBy");
CREATE INDEX "MessageReaction_messageId_idx" ON public."MessageReaction"("messageId");

CREATE TABLE public."MessageQueue" (
    "id" TEXT NOT NULL,
    "phone" TEXT NOT NULL,
    "content" TEXT NOT NULL,
    "mediaS3Url" TEXT,
    "conversationMessageId" TEXT,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "retryCount" INTEGER NOT NULL DEFAULT 0,
    "lastError" TEXT,
    "sentAt" TIMESTAMP(3),
    "failedAt" TIMESTAMP(3),
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "MessageQueue_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "MessageQueue_status_idx" ON public."MessageQueue"("status");
CREATE INDEX "MessageQueue_createdAt_idx" ON public."MessageQueue"("createdAt");

CREATE TABLE public."AnalyticsEvent" (
    "id" TEXT NOT NULL,
    "eventName" TEXT NOT NULL,
    "properties" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "AnalyticsEvent_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "AnalyticsEvent_eventName_idx" ON public."AnalyticsEvent"("eventName");

CREATE TABLE public."ChatConversation" (
    "id" TEXT NOT NULL,
    "adminId" TEXT,
    "visitorId" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "ChatConversation_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "ChatConversation_adminId_idx" ON public."ChatConversation"("adminId");
CREATE INDEX "ChatConversation_visitorId_idx" ON public."ChatConversation"("visitorId");

CREATE TABLE public."ChatMessage" (
    "id" TEXT NOT NULL,
    "conversationId" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "content" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "ChatMessage_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "ChatMessage_conversationId_idx" ON public."ChatMessage"("conversationId");

CREATE TABLE public."AgentAudit" (
    "id" TEXT NOT NULL,
    "agentType" TEXT NOT NULL,
    "eventType" TEXT NOT NULL,
    "githubPrNumber" INTEGER,
    "githubBranch" TEXT,
    "status" TEXT NOT NULL,
    "findings" TEXT NOT NULL DEFAULT '[]',
    "recommendations" TEXT NOT NULL DEFAULT '[]',
    "severity" TEXT,
    "error" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "AgentAudit_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "AgentAudit_agentType_idx" ON public."AgentAudit"("agentType");
CREATE INDEX "AgentAudit_eventType_idx" ON public."AgentAudit"("eventType");
CREATE INDEX "AgentAudit_status_idx" ON public."AgentAudit"("status");
CREATE INDEX "AgentAudit_severity_idx" ON public."AgentAudit"("severity");
CREATE INDEX "AgentAudit_createdAt_idx" ON public."AgentAudit"("createdAt");

CREATE TABLE public."ConsentLog" (
    "id" TEXT NOT NULL,
    "memberId" TEXT,
    "adminId" TEXT,
    "type" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "reason" TEXT,
    "source" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "ConsentLog_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "ConsentLog_memberId_idx" ON public."ConsentLog"("memberId");
CREATE INDEX "ConsentLog_adminId_idx" ON public."ConsentLog"("adminId");
CREATE INDEX "ConsentLog_type_idx" ON public."ConsentLog"("type");
CREATE INDEX "ConsentLog_createdAt_idx" ON public."ConsentLog"("createdAt");

CREATE TABLE public."AccountDeletionRequest" (
    "id" TEXT NOT NULL,
    "initiatedBy" TEXT NOT NULL,
    "confirmationToken" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "scheduledDeletionAt" TIMESTAMP(3) NOT NULL,
    "actualDeletionAt" TIMESTAMP(3),
    "reason" TEXT,
    "cancelledAt" TIMESTAMP(3),
    "cancelledBy" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "AccountDeletionRequest_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "AccountDeletionRequest_confirmationToken_key" ON public."AccountDeletionRequest"("confirmationToken");
CREATE INDEX "AccountDeletionRequest_confirmationToken_idx" ON public."AccountDeletionRequest"("confirmationToken");
CREATE INDEX "AccountDeletionRequest_status_idx" ON public."AccountDeletionRequest"("status");
CREATE INDEX "AccountDeletionRequest_scheduledDeletionAt_idx" ON public."AccountDeletionRequest"("scheduledDeletionAt");

CREATE TABLE public."DataExport" (
    "id" TEXT NOT NULL,
    "requestedBy" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "fileUrl" TEXT,
    "fileSize" INTEGER,
    "expiresAt" TIMESTAMP(3) NOT NULL,
    "errorMessage" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "completedAt" TIMESTAMP(3),
    CONSTRAINT "DataExport_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "DataExport_status_idx" ON public."DataExport"("status");
CREATE INDEX "DataExport_expiresAt_idx" ON public."DataExport"("expiresAt");

CREATE TABLE public."AdminMFA" (
    "id" TEXT NOT NULL,
    "adminId" TEXT NOT NULL,
    "totpSecret" TEXT NOT NULL,
    "mfaEnabled" BOOLEAN NOT NULL DEFAULT false,
    "backupCodesUsed" TEXT NOT NULL DEFAULT '[]',
    "enabledAt" TIMESTAMP(3),
    "disabledAt" TIMESTAMP(3),
    "lastVerifiedAt" TIMESTAMP(3),
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "AdminMFA_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "AdminMFA_adminId_key" ON public."AdminMFA"("adminId");
CREATE INDEX "AdminMFA_adminId_idx" ON public."AdminMFA"("adminId");
CREATE INDEX "AdminMFA_mfaEnabled_idx" ON public."AdminMFA"("mfaEnabled");

CREATE TABLE public."MFARecoveryCode" (
    "id" TEXT NOT NULL,
    "adminId" TEXT NOT NULL,
    "code" TEXT NOT NULL,
    "index" INTEGER NOT NULL,
    "usedAt" TIMESTAMP(3),
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "MFARecoveryCode_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "MFARecoveryCode_code_key" ON public."MFARecoveryCode"("code");
CREATE UNIQUE INDEX "MFARecoveryCode_adminId_index_key" ON public."MFARecoveryCode"("adminId", "index");
CREATE INDEX "MFARecoveryCode_adminId_idx" ON public."MFARecoveryCode"("adminId");
CREATE INDEX "MFARecoveryCode_usedAt_idx" ON public."MFARecoveryCode"("usedAt");

CREATE TABLE public."NPSSurvey" (
    "id" TEXT NOT NULL,
    "responderId" TEXT,
    "score" INTEGER NOT NULL,
    "category" TEXT NOT NULL,
    "feedback" TEXT,
    "sentiment" TEXT,
    "followupEmail" TEXT,
    "followupSent" BOOLEAN NOT NULL DEFAULT false,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "respondedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "NPSSurvey_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "NPSSurvey_responderId_idx" ON public."NPSSurvey"("responderId");
CREATE INDEX "NPSSurvey_score_idx" ON public."NPSSurvey"("score");
CREATE INDEX "NPSSurvey_category_idx" ON public."NPSSurvey"("category");
CREATE INDEX "NPSSurvey_sentiment_idx" ON public."NPSSurvey"("sentiment");
CREATE INDEX "NPSSurvey_createdAt_idx" ON public."NPSSurvey"("createdAt");

CREATE TABLE public."DeadLetterQueue" (
    "id" TEXT NOT NULL,
    "category" TEXT NOT NULL,
    "externalId" TEXT,
    "originalPayload" JSONB NOT NULL,
    "errorMessage" TEXT NOT NULL,
    "errorStack" TEXT,
    "metadata" JSONB,
    "status" TEXT NOT NULL DEFAULT 'PENDING',
    "retryCount" INTEGER NOT NULL DEFAULT 0,
    "firstAttemptAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lastAttemptAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "DeadLetterQueue_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "DeadLetterQueue_category_idx" ON public."DeadLetterQueue"("category");
CREATE INDEX "DeadLetterQueue_externalId_idx" ON public."DeadLetterQueue"("externalId");
CREATE INDEX "DeadLetterQueue_status_idx" ON public."DeadLetterQueue"("status");
CREATE INDEX "DeadLetterQueue_retryCount_idx" ON public."DeadLetterQueue"("retryCount");
CREATE INDEX "DeadLetterQueue_createdAt_idx" ON public."DeadLetterQueue"("createdAt");

CREATE TABLE public."OnboardingProgress" (
    "id" TEXT NOT NULL,
    "taskId" TEXT NOT NULL,
    "completed" BOOLEAN NOT NULL DEFAULT false,
    "completedAt" TIMESTAMP(3),
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "OnboardingProgress_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "OnboardingProgress_taskId_key" ON public."OnboardingProgress"("taskId");
CREATE INDEX "OnboardingProgress_completed_idx" ON public."OnboardingProgress"("completed");
CREATE INDEX "OnboardingProgress_completedAt_idx" ON public."OnboardingProgress"("completedAt");

ALTER TABLE public."MessageRecipient" ADD CONSTRAINT "MessageRecipient_messageId_fkey"
    FOREIGN KEY ("messageId") REFERENCES public."Message"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."MessageRecipient" ADD CONSTRAINT "MessageRecipient_memberId_fkey"
    FOREIGN KEY ("memberId") REFERENCES public."Member"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."Conversation" ADD CONSTRAINT "Conversation_memberId_fkey"
    FOREIGN KEY ("memberId") REFERENCES public."Member"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."ConversationMessage" ADD CONSTRAINT "ConversationMessage_conversationId_fkey"
    FOREIGN KEY ("conversationId") REFERENCES public."Conversation"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."ConversationMessage" ADD CONSTRAINT "ConversationMessage_memberId_fkey"
    FOREIGN KEY ("memberId") REFERENCES public."Member"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."ConversationMessage" ADD CONSTRAINT "ConversationMessage_replyToId_fkey"
    FOREIGN KEY ("replyToId") REFERENCES public."ConversationMessage"("id") ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE public."MessageReaction" ADD CONSTRAINT "MessageReaction_messageId_fkey"
    FOREIGN KEY ("messageId") REFERENCES public."ConversationMessage"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."ChatMessage" ADD CONSTRAINT "ChatMessage_conversationId_fkey"
    FOREIGN KEY ("conversationId") REFERENCES public."ChatConversation"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."AdminMFA" ADD CONSTRAINT "AdminMFA_adminId_fkey"
    FOREIGN KEY ("adminId") REFERENCES public."Admin"("id") ON DELETE CASCADE ON UPDATE CASCADE;
