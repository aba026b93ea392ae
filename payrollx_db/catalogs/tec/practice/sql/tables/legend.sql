CREATE TABLE public."legend_memberships" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "tier" TEXT NOT NULL DEFAULT 'LEGEND',
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "startDate" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "endDate" TIMESTAMP(3),
    "autoRenew" BOOLEAN NOT NULL DEFAULT true,
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "legend_memberships_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "legend_memberships_userId_key" ON public."legend_memberships"("userId");
CREATE INDEX "legend_memberships_userId_idx" ON public."legend_memberships"("userId");
CREATE INDEX "legend_memberships_status_idx" ON public."legend_memberships"("status");

CREATE TABLE public."legend_benefits" (
    "id" TEXT NOT NULL,
    "membershipId" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "isUnlimited" BOOLEAN NOT NULL DEFAULT false,
    "usageLimit" INTEGER,
    "usageCount" INTEGER NOT NULL DEFAULT 0,
    "isActive" BOOLEAN NOT NULL DEFAULT true,
    "expiresAt" TIMESTAMP(3),
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "legend_benefits_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "legend_benefits_membershipId_idx" ON public."legend_benefits"("membershipId");
CREATE INDEX "legend_benefits_type_idx" ON public."legend_benefits"("type");

CREATE TABLE public."legend_tiers" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "rank" INTEGER NOT NULL,
    "annualPrice" DOUBLE PRECISION NOT NULL,
    "monthlyPrice" DOUBLE PRECISION,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "perks" JSONB NOT NULL,
    "isAvailable" BOOLEAN NOT NULL DEFAULT true,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "legend_tiers_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "legend_tiers_name_key" ON public."legend_tiers"("name");
CREATE UNIQUE INDEX "legend_tiers_rank_key" ON public."legend_tiers"("rank");
CREATE INDEX "legend_tiers_rank_idx" ON public."legend_tiers"("rank");

CREATE TABLE public."legend_privileges" (
    "id" TEXT NOT NULL,
    "code" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "category" TEXT NOT NULL,
    "minTier" TEXT NOT NULL,
    "isActive" BOOLEAN NOT NULL DEFAULT true,
    "details" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "legend_privileges_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "legend_privileges_code_key" ON public."legend_privileges"("code");
CREATE INDEX "legend_privileges_category_idx" ON public."legend_privileges"("category");

CREATE TABLE public."legend_accesses" (
    "id" TEXT NOT NULL,
    "membershipId" TEXT NOT NULL,
    "resourceName" TEXT NOT NULL,
    "resourceType" TEXT NOT NULL,
    "accessLevel" TEXT NOT NULL,
    "grantedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMP(3),
    "metadata" JSONB,
    CONSTRAINT "legend_accesses_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "legend_accesses_membershipId_idx" ON public."legend_accesses"("membershipId");
CREATE INDEX "legend_accesses_resourceType_idx" ON public."legend_accesses"("resourceType");

ALTER TABLE public."legend_benefits" ADD CONSTRAINT "legend_benefits_membershipId_fkey"
    FOREIGN KEY ("membershipId") REFERENCES public."legend_memberships"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."legend_accesses" ADD CONSTRAINT "legend_accesses_membershipId_fkey"
    FOREIGN KEY ("membershipId") REFERENCES public."legend_memberships"("id") ON DELETE CASCADE ON UPDATE CASCADE;
