CREATE TABLE public."Church" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "stripeCustomerId" TEXT,
    "telnyxPhoneNumber" TEXT,
    "telnyxNumberSid" TEXT,
    "telnyxWebhookId" TEXT,
    "telnyxVerified" BOOLEAN NOT NULL DEFAULT false,
    "telnyxPurchasedAt" TIMESTAMP(3),
    "telnyxPhoneLinkingStatus" TEXT NOT NULL DEFAULT 'pending',
    "telnyxPhoneLinkingLastAttempt" TIMESTAMP(3),
    "telnyxPhoneLinkingRetryCount" INTEGER NOT NULL DEFAULT 0,
    "telnyxPhoneLinkingError" TEXT,
    "telnyxNumberStatus" TEXT NOT NULL DEFAULT 'active',
    "telnyxNumberDeletedAt" TIMESTAMP(3),
    "telnyxNumberDeletedBy" TEXT,
    "telnyxNumberRecoveryDeadline" TIMESTAMP(3),
    "rcsAgentId" TEXT,
    "rcsAgentWebhookConfigured" BOOLEAN NOT NULL DEFAULT false,
    "dlcBrandId" TEXT,
    "tcrBrandId" TEXT,
    "dlcStatus" TEXT NOT NULL DEFAULT 'pending',
    "dlcRegisteredAt" TIMESTAMP(3),
    "dlcApprovedAt" TIMESTAMP(3),
    "dlcRejectionReason" TEXT,
    "dlcNextCheckAt" TIMESTAMP(3),
    "dlcCampaignId" TEXT,
    "dlcCampaignStatus" TEXT,
    "dlcNumberAssignedAt" TIMESTAMP(3),
    "dlcCampaignSuspended" BOOLEAN NOT NULL DEFAULT false,
    "dlcCampaignSuspendedAt" TIMESTAMP(3),
    "dlcCampaignSuspendedReason" TEXT,
    "usingSharedBrand" BOOLEAN NOT NULL DEFAULT false,
    "wantsPremiumDelivery" BOOLEAN NOT NULL DEFAULT true,
    "deliveryRate" DOUBLE PRECISION NOT NULL DEFAULT 0.99,
    "ein" TEXT,
    "einHash" TEXT,
    "einEncryptedAt" TIMESTAMP(3),
    "einAccessedAt" TIMESTAMP(3),
    "einAccessedBy" TEXT,
    "brandPhoneNumber" TEXT,
    "streetAddress" TEXT,
    "city" TEXT,
    "state" TEXT,
    "postalCode" TEXT,
    "website" TEXT,
    "entityType" TEXT NOT NULL DEFAULT 'NON_PROFIT',
    "vertical" TEXT NOT NULL DEFAULT 'RELIGION',
    "trialEndsAt" TIMESTAMP(3) NOT NULL,
    "subscriptionStatus" TEXT NOT NULL DEFAULT 'trial',
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "Church_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "Church_email_key" ON public."Church"("email");
CREATE UNIQUE INDEX "Church_stripeCustomerId_key" ON public."Church"("stripeCustomerId");
CREATE UNIQUE INDEX "Church_telnyxNumberSid_key" ON public."Church"("telnyxNumberSid");
CREATE INDEX "Church_telnyxPhoneNumber_idx" ON public."Church"("telnyxPhoneNumber");
CREATE INDEX "Church_telnyxPhoneLinkingStatus_idx" ON public."Church"("telnyxPhoneLinkingStatus");
CREATE INDEX "Church_telnyxNumberStatus_idx" ON public."Church"("telnyxNumberStatus");
CREATE INDEX "Church_telnyxNumberRecoveryDeadline_idx" ON public."Church"("telnyxNumberRecoveryDeadline");
CREATE INDEX "Church_dlcStatus_idx" ON public."Church"("dlcStatus");
CREATE INDEX "Church_dlcNextCheckAt_idx" ON public."Church"("dlcNextCheckAt");
CREATE INDEX "Church_trialEndsAt_idx" ON public."Church"("trialEndsAt");
CREATE INDEX "Church_subscriptionStatus_idx" ON public."Church"("subscriptionStatus");

CREATE TABLE public."Tenant" (
    "id" TEXT NOT NULL,
    "churchId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "databaseUrl" TEXT NOT NULL,
    "databaseHost" TEXT NOT NULL,
    "databasePort" INTEGER NOT NULL DEFAULT 5432,
    "databaseName" TEXT NOT NULL,
    "subscriptionStatus" TEXT NOT NULL DEFAULT 'trial',
    "subscriptionPlan" TEXT NOT NULL DEFAULT 'starter',
    "trialEndsAt" TIMESTAMP(3),
    "telnyxPhoneNumber" TEXT,
    "telnyxNumberSid" TEXT,
    "status" TEXT NOT NULL DEFAULT 'active',
    "schemaVersion" TEXT NOT NULL DEFAULT '1.0.0',
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    "lastAccessedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "Tenant_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "Tenant_churchId_key" ON public."Tenant"("churchId");
CREATE UNIQUE INDEX "Tenant_email_key" ON public."Tenant"("email");
CREATE UNIQUE INDEX "Tenant_telnyxPhoneNumber_key" ON public."Tenant"("telnyxPhoneNumber");
CREATE UNIQUE INDEX "Tenant_telnyxNumberSid_key" ON public."Tenant"("telnyxNumberSid");
CREATE INDEX "Tenant_churchId_idx" ON public."Tenant"("churchId");
CREATE INDEX "Tenant_subscriptionPlan_idx" ON public."Tenant"("subscriptionPlan");
CREATE INDEX "Tenant_telnyxPhoneNumber_idx" ON public."Tenant"("telnyxPhoneNumber");
CREATE INDEX "Tenant_status_idx" ON public."Tenant"("status");
CREATE INDEX "Tenant_createdAt_idx" ON public."Tenant"("createdAt");

CREATE TABLE public."PhoneNumberRegistry" (
    "id" TEXT NOT NULL,
    "phoneNumber" TEXT NOT NULL,
    "tenantId" TEXT NOT NULL,
    "registeredAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "assignedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "PhoneNumberRegistry_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "PhoneNumberRegistry_phoneNumber_key" ON public."PhoneNumberRegistry"("phoneNumber");
CREATE INDEX "PhoneNumberRegistry_phoneNumber_idx" ON public."PhoneNumberRegistry"("phoneNumber");
CREATE INDEX "PhoneNumberRegistry_tenantId_idx" ON public."PhoneNumberRegistry"("tenantId");
CREATE INDEX "PhoneNumberRegistry_registeredAt_idx" ON public."PhoneNumberRegistry"("registeredAt");

CREATE TABLE public."AdminEmailIndex" (
    "id" TEXT NOT NULL,
    "emailHash" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "tenantId" TEXT NOT NULL,
    "adminId" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "AdminEmailIndex_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "AdminEmailIndex_emailHash_key" ON public."AdminEmailIndex"("emailHash");
CREATE UNIQUE INDEX "AdminEmailIndex_email_key" ON public."AdminEmailIndex"("email");
CREATE INDEX "AdminEmailIndex_emailHash_idx" ON public."AdminEmailIndex"("emailHash");
CREATE INDEX "AdminEmailIndex_email_idx" ON public."AdminEmailIndex"("email");
CREATE INDEX "AdminEmailIndex_tenantId_idx" ON public."AdminEmailIndex"("tenantId");

ALTER TABLE public."Tenant" ADD CONSTRAINT "Tenant_churchId_fkey"
    FOREIGN KEY ("churchId") REFERENCES public."Church"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."PhoneNumberRegistry" ADD CONSTRAINT "PhoneNumberRegistry_tenantId_fkey"
    FOREIGN KEY ("tenantId") REFERENCES public."Tenant"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."AdminEmailIndex" ADD CONSTRAINT "AdminEmailIndex_tenantId_fkey"
    FOREIGN KEY ("tenantId") REFERENCES public."Tenant"("id") ON DELETE CASCADE ON UPDATE CASCADE;
