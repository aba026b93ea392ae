CREATE TABLE public."tec_users" (
    "id" TEXT NOT NULL,
    "piUid" TEXT NOT NULL,
    "piUsername" TEXT NOT NULL,
    "walletAddress" TEXT,
    "currentStreak" INTEGER NOT NULL DEFAULT 0,
    "longestStreak" INTEGER NOT NULL DEFAULT 0,
    "totalXp" INTEGER NOT NULL DEFAULT 0,
    "level" INTEGER NOT NULL DEFAULT 1,
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "role" TEXT NOT NULL DEFAULT 'USER',
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    "lastActiveAt" TIMESTAMP(3),
    CONSTRAINT "tec_users_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "tec_users_piUid_key" ON public."tec_users"("piUid");
CREATE UNIQUE INDEX "tec_users_piUsername_key" ON public."tec_users"("piUsername");
CREATE INDEX "tec_users_piUsername_idx" ON public."tec_users"("piUsername");
CREATE INDEX "tec_users_createdAt_idx" ON public."tec_users"("createdAt");

CREATE TABLE public."tec_check_ins" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "date" DATE NOT NULL,
    "signal" TEXT NOT NULL,
    "xpEarned" INTEGER NOT NULL,
    "streakDay" INTEGER NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "tec_check_ins_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "tec_check_ins_userId_date_key" ON public."tec_check_ins"("userId", "date");
CREATE INDEX "tec_check_ins_date_idx" ON public."tec_check_ins"("date");

CREATE TABLE public."tec_signals" (
    "id" TEXT NOT NULL,
    "date" DATE NOT NULL,
    "type" TEXT NOT NULL,
    "confidence" DOUBLE PRECISION,
    "metadata" JSONB,
    "generatedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "tec_signals_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "tec_signals_date_key" ON public."tec_signals"("date");
CREATE INDEX "tec_signals_date_idx" ON public."tec_signals"("date");

CREATE TABLE public."tec_transactions" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "piPaymentId" TEXT NOT NULL,
    "txHash" TEXT,
    "amount" DECIMAL(18,7) NOT NULL,
    "type" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'PENDING',
    "itemId" TEXT,
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    "completedAt" TIMESTAMP(3),
    CONSTRAINT "tec_transactions_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "tec_transactions_piPaymentId_key" ON public."tec_transactions"("piPaymentId");
CREATE INDEX "tec_transactions_userId_idx" ON public."tec_transactions"("userId");
CREATE INDEX "tec_transactions_status_idx" ON public."tec_transactions"("status");
CREATE INDEX "tec_transactions_createdAt_idx" ON public."tec_transactions"("createdAt");

CREATE TABLE public."tec_unlocks" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "featureKey" TEXT NOT NULL,
    "transactionId" TEXT,
    "unlockedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMP(3),
    CONSTRAINT "tec_unlocks_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "tec_unlocks_userId_featureKey_key" ON public."tec_unlocks"("userId", "featureKey");
CREATE INDEX "tec_unlocks_featureKey_idx" ON public."tec_unlocks"("featureKey");

CREATE TABLE public."tec_invites" (
    "id" TEXT NOT NULL,
    "inviterId" TEXT NOT NULL,
    "inviteeId" TEXT,
    "code" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'PENDING',
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "acceptedAt" TIMESTAMP(3),
    CONSTRAINT "tec_invites_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "tec_invites_inviteeId_key" ON public."tec_invites"("inviteeId");
CREATE UNIQUE INDEX "tec_invites_code_key" ON public."tec_invites"("code");
CREATE INDEX "tec_invites_inviterId_idx" ON public."tec_invites"("inviterId");
CREATE INDEX "tec_invites_code_idx" ON public."tec_invites"("code");

CREATE TABLE public."tec_domains" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "displayName" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "sector" TEXT NOT NULL,
    "category" TEXT NOT NULL,
    "icon" TEXT NOT NULL,
    "color" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "launchedAt" TIMESTAMP(3),
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "tec_domains_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "tec_domains_name_key" ON public."tec_domains"("name");
CREATE INDEX "tec_domains_name_idx" ON public."tec_domains"("name");
CREATE INDEX "tec_domains_category_idx" ON public."tec_domains"("category");
CREATE INDEX "tec_domains_status_idx" ON public."tec_domains"("status");

CREATE TABLE public."tec_integrations" (
    "id" TEXT NOT NULL,
    "domainId" TEXT NOT NULL,
    "integrationType" TEXT NOT NULL,
    "targetDomain" TEXT,
    "config" JSONB NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "lastSyncedAt" TIMESTAMP(3),
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "tec_integrations_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "tec_integrations_domainId_idx" ON public."tec_integrations"("domainId");
CREATE INDEX "tec_integrations_integrationType_idx" ON public."tec_integrations"("integrationType");

CREATE TABLE public."tec_dashboards" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT,
    "layout" JSONB NOT NULL,
    "domains" TEXT[],
    "isDefault" BOOLEAN NOT NULL DEFAULT false,
    "isPublic" BOOLEAN NOT NULL DEFAULT false,
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "tec_dashboards_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "tec_dashboards_userId_idx" ON public."tec_dashboards"("userId");
CREATE INDEX "tec_dashboards_isDefault_idx" ON public."tec_dashboards"("isDefault");

CREATE TABLE public."tec_reports" (
    "id" TEXT NOT NULL,
    "dashboardId" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "reportType" TEXT NOT NULL,
    "domains" TEXT[],
    "data" JSONB NOT NULL,
    "period" JSONB NOT NULL,
    "generatedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "metadata" JSONB,
    CONSTRAINT "tec_reports_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "tec_reports_dashboardId_idx" ON public."tec_reports"("dashboardId");
CREATE INDEX "tec_reports_reportType_idx" ON public."tec_reports"("reportType");
CREATE INDEX "tec_reports_generatedAt_idx" ON public."tec_reports"("generatedAt");

CREATE TABLE public."tec_analytics" (
    "id" TEXT NOT NULL,
    "reportId" TEXT NOT NULL,
    "domain" TEXT NOT NULL,
    "metric" TEXT NOT NULL,
    "value" DOUBLE PRECISION NOT NULL,
    "unit" TEXT,
    "dimensions" JSONB,
    "timestamp" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "tec_analytics_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "tec_analytics_reportId_idx" ON public."tec_analytics"("reportId");
CREATE INDEX "tec_analytics_domain_idx" ON public."tec_analytics"("domain");
CREATE INDEX "tec_analytics_metric_idx" ON public."tec_analytics"("metric");
CREATE INDEX "tec_analytics_timestamp_idx" ON public."tec_analytics"("timestamp");

ALTER TABLE public."tec_check_ins" ADD CONSTRAINT "tec_check_ins_userId_fkey"
    FOREIGN KEY ("userId") REFERENCES public."tec_users"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."tec_transactions" ADD CONSTRAINT "tec_transactions_userId_fkey"
    FOREIGN KEY ("userId") REFERENCES public."tec_users"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."tec_unlocks" ADD CONSTRAINT "tec_unlocks_userId_fkey"
    FOREIGN KEY ("userId") REFERENCES public."tec_users"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."tec_invites" ADD CONSTRAINT "tec_invites_inviterId_fkey"
    FOREIGN KEY ("inviterId") REFERENCES public."tec_users"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."tec_invites" ADD CONSTRAINT "tec_invites_inviteeId_fkey"
    FOREIGN KEY ("inviteeId") REFERENCES public."tec_users"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."tec_integrations" ADD CONSTRAINT "tec_integrations_domainId_fkey"
    FOREIGN KEY ("domainId") REFERENCES public."tec_domains"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."tec_reports" ADD CONSTRAINT "tec_reports_dashboardId_fkey"
    FOREIGN KEY ("dashboardId") REFERENCES public."tec_dashboards"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."tec_analytics" ADD CONSTRAINT "tec_analytics_reportId_fkey"
    FOREIGN KEY ("reportId") REFERENCES public."tec_reports"("id") ON DELETE CASCADE ON UPDATE CASCADE;
