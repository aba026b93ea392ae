CREATE TABLE public."vip_memberships" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "tier" TEXT NOT NULL DEFAULT 'VIP',
    "level" INTEGER NOT NULL DEFAULT 1,
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "points" INTEGER NOT NULL DEFAULT 0,
    "startDate" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiryDate" TIMESTAMP(3),
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "vip_memberships_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "vip_memberships_userId_key" ON public."vip_memberships"("userId");
CREATE INDEX "vip_memberships_userId_idx" ON public."vip_memberships"("userId");
CREATE INDEX "vip_memberships_level_idx" ON public."vip_memberships"("level");
CREATE INDEX "vip_memberships_status_idx" ON public."vip_memberships"("status");

CREATE TABLE public."vip_benefits" (
    "id" TEXT NOT NULL,
    "membershipId" TEXT NOT NULL,
    "category" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "quota" INTEGER,
    "used" INTEGER NOT NULL DEFAULT 0,
    "isActive" BOOLEAN NOT NULL DEFAULT true,
    "validUntil" TIMESTAMP(3),
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "vip_benefits_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "vip_benefits_membershipId_idx" ON public."vip_benefits"("membershipId");
CREATE INDEX "vip_benefits_category_idx" ON public."vip_benefits"("category");

CREATE TABLE public."vip_tiers" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "level" INTEGER NOT NULL,
    "price" DOUBLE PRECISION NOT NULL,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "perks" JSONB NOT NULL,
    "pointsRequired" INTEGER NOT NULL DEFAULT 0,
    "isActive" BOOLEAN NOT NULL DEFAULT true,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "vip_tiers_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "vip_tiers_name_key" ON public."vip_tiers"("name");
CREATE UNIQUE INDEX "vip_tiers_level_key" ON public."vip_tiers"("level");
CREATE INDEX "vip_tiers_level_idx" ON public."vip_tiers"("level");

CREATE TABLE public."vip_privileges" (
    "id" TEXT NOT NULL,
    "code" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "minLevel" INTEGER NOT NULL DEFAULT 1,
    "isActive" BOOLEAN NOT NULL DEFAULT true,
    "details" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "vip_privileges_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "vip_privileges_code_key" ON public."vip_privileges"("code");
CREATE INDEX "vip_privileges_type_idx" ON public."vip_privileges"("type");
CREATE INDEX "vip_privileges_minLevel_idx" ON public."vip_privileges"("minLevel");

CREATE TABLE public."vip_accesses" (
    "id" TEXT NOT NULL,
    "membershipId" TEXT NOT NULL,
    "facility" TEXT NOT NULL,
    "facilityType" TEXT NOT NULL,
    "accessDate" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMP(3),
    "metadata" JSONB,
    CONSTRAINT "vip_accesses_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "vip_accesses_membershipId_idx" ON public."vip_accesses"("membershipId");
CREATE INDEX "vip_accesses_facilityType_idx" ON public."vip_accesses"("facilityType");

ALTER TABLE public."vip_benefits" ADD CONSTRAINT "vip_benefits_membershipId_fkey"
    FOREIGN KEY ("membershipId") REFERENCES public."vip_memberships"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."vip_accesses" ADD CONSTRAINT "vip_accesses_membershipId_fkey"
    FOREIGN KEY ("membershipId") REFERENCES public."vip_memberships"("id") ON DELETE CASCADE ON UPDATE CASCADE;
