CREATE TABLE public."epic_memberships" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "tier" TEXT NOT NULL DEFAULT 'EPIC',
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "startDate" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "endDate" TIMESTAMP(3),
    "renewalDate" TIMESTAMP(3),
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "epic_memberships_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "epic_memberships_userId_key" ON public."epic_memberships"("userId");
CREATE INDEX "epic_memberships_userId_idx" ON public."epic_memberships"("userId");
CREATE INDEX "epic_memberships_tier_idx" ON public."epic_memberships"("tier");
CREATE INDEX "epic_memberships_status_idx" ON public."epic_memberships"("status");

CREATE TABLE public."epic_benefits" (
    "id" TEXT NOT NULL,
    "membershipId" TEXT NOT NULL,
    "benefitType" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "value" TEXT,
    "isActive" BOOLEAN NOT NULL DEFAULT true,
    "expiresAt" TIMESTAMP(3),
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "epic_benefits_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "epic_benefits_membershipId_idx" ON public."epic_benefits"("membershipId");
CREATE INDEX "epic_benefits_benefitType_idx" ON public."epic_benefits"("benefitType");

CREATE TABLE public."epic_tiers" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "level" INTEGER NOT NULL,
    "price" DOUBLE PRECISION NOT NULL,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "features" JSONB NOT NULL,
    "isActive" BOOLEAN NOT NULL DEFAULT true,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "epic_tiers_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "epic_tiers_name_key" ON public."epic_tiers"("name");
CREATE UNIQUE INDEX "epic_tiers_level_key" ON public."epic_tiers"("level");
CREATE INDEX "epic_tiers_level_idx" ON public."epic_tiers"("level");

CREATE TABLE public."epic_privileges" (
    "id" TEXT NOT NULL,
    "code" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "category" TEXT NOT NULL,
    "requiredTier" TEXT NOT NULL,
    "isActive" BOOLEAN NOT NULL DEFAULT true,
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "epic_privileges_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "epic_privileges_code_key" ON public."epic_privileges"("code");
CREATE INDEX "epic_privileges_category_idx" ON public."epic_privileges"("category");
CREATE INDEX "epic_privileges_requiredTier_idx" ON public."epic_privileges"("requiredTier");

CREATE TABLE public."epic_accesses" (
    "id" TEXT NOT NULL,
    "membershipId" TEXT NOT NULL,
    "resource" TEXT NOT NULL,
    "resourceType" TEXT NOT NULL,
    "grantedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMP(3),
    CONSTRAINT "epic_accesses_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "epic_accesses_membershipId_idx" ON public."epic_accesses"("membershipId");
CREATE INDEX "epic_accesses_resourceType_idx" ON public."epic_accesses"("resourceType");

ALTER TABLE public."epic_benefits" ADD CONSTRAINT "epic_benefits_membershipId_fkey"
    FOREIGN KEY ("membershipId") REFERENCES public."epic_memberships"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."epic_accesses" ADD CONSTRAINT "epic_accesses_membershipId_fkey"
    FOREIGN KEY ("membershipId") REFERENCES public."epic_memberships"("id") ON DELETE CASCADE ON UPDATE CASCADE;
