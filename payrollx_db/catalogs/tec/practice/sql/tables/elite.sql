CREATE TABLE public."elite_networks" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "memberLevel" TEXT NOT NULL DEFAULT 'ELITE',
    "displayName" TEXT NOT NULL,
    "title" TEXT,
    "bio" TEXT,
    "netWorth" DOUBLE PRECISION,
    "industry" TEXT,
    "connections" INTEGER NOT NULL DEFAULT 0,
    "verified" BOOLEAN NOT NULL DEFAULT false,
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "elite_networks_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "elite_networks_userId_key" ON public."elite_networks"("userId");
CREATE INDEX "elite_networks_userId_idx" ON public."elite_networks"("userId");
CREATE INDEX "elite_networks_memberLevel_idx" ON public."elite_networks"("memberLevel");

CREATE TABLE public."elite_contacts" (
    "id" TEXT NOT NULL,
    "networkId" TEXT NOT NULL,
    "contactUserId" TEXT,
    "name" TEXT NOT NULL,
    "title" TEXT,
    "company" TEXT,
    "contactInfo" JSONB,
    "influence" INTEGER NOT NULL DEFAULT 0,
    "isVerified" BOOLEAN NOT NULL DEFAULT false,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "elite_contacts_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "elite_contacts_networkId_idx" ON public."elite_contacts"("networkId");
CREATE INDEX "elite_contacts_contactUserId_idx" ON public."elite_contacts"("contactUserId");

CREATE TABLE public."elite_relationships" (
    "id" TEXT NOT NULL,
    "networkId" TEXT NOT NULL,
    "connectedUserId" TEXT NOT NULL,
    "relationshipType" TEXT NOT NULL,
    "value" DOUBLE PRECISION,
    "establishedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lastContact" TIMESTAMP(3),
    "metadata" JSONB,
    CONSTRAINT "elite_relationships_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "elite_relationships_networkId_idx" ON public."elite_relationships"("networkId");
CREATE INDEX "elite_relationships_connectedUserId_idx" ON public."elite_relationships"("connectedUserId");

CREATE TABLE public."elite_events" (
    "id" TEXT NOT NULL,
    "networkId" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "category" TEXT NOT NULL,
    "startDate" TIMESTAMP(3) NOT NULL,
    "endDate" TIMESTAMP(3) NOT NULL,
    "venue" JSONB,
    "isInviteOnly" BOOLEAN NOT NULL DEFAULT true,
    "maxAttendees" INTEGER,
    "status" TEXT NOT NULL DEFAULT 'SCHEDULED',
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "elite_events_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "elite_events_networkId_idx" ON public."elite_events"("networkId");
CREATE INDEX "elite_events_category_idx" ON public."elite_events"("category");

CREATE TABLE public."elite_opportunities" (
    "id" TEXT NOT NULL,
    "networkId" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "category" TEXT NOT NULL,
    "minimumInvestment" DOUBLE PRECISION,
    "expectedReturn" DOUBLE PRECISION,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "deadline" TIMESTAMP(3),
    "isConfidential" BOOLEAN NOT NULL DEFAULT true,
    "status" TEXT NOT NULL DEFAULT 'AVAILABLE',
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "elite_opportunities_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "elite_opportunities_networkId_idx" ON public."elite_opportunities"("networkId");
CREATE INDEX "elite_opportunities_category_idx" ON public."elite_opportunities"("category");

ALTER TABLE public."elite_contacts" ADD CONSTRAINT "elite_contacts_networkId_fkey"
    FOREIGN KEY ("networkId") REFERENCES public."elite_networks"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."elite_relationships" ADD CONSTRAINT "elite_relationships_networkId_fkey"
    FOREIGN KEY ("networkId") REFERENCES public."elite_networks"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."elite_events" ADD CONSTRAINT "elite_events_networkId_fkey"
    FOREIGN KEY ("networkId") REFERENCES public."elite_networks"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."elite_opportunities" ADD CONSTRAINT "elite_opportunities_networkId_fkey"
    FOREIGN KEY ("networkId") REFERENCES public."elite_networks"("id") ON DELETE CASCADE ON UPDATE CASCADE;
