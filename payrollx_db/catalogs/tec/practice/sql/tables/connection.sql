CREATE TABLE public."connection_networks" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "displayName" TEXT NOT NULL,
    "bio" TEXT,
    "industry" TEXT,
    "location" JSONB,
    "connections" INTEGER NOT NULL DEFAULT 0,
    "followers" INTEGER NOT NULL DEFAULT 0,
    "following" INTEGER NOT NULL DEFAULT 0,
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "connection_networks_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "connection_networks_userId_key" ON public."connection_networks"("userId");
CREATE INDEX "connection_networks_userId_idx" ON public."connection_networks"("userId");
CREATE INDEX "connection_networks_industry_idx" ON public."connection_networks"("industry");

CREATE TABLE public."connection_contacts" (
    "id" TEXT NOT NULL,
    "networkId" TEXT NOT NULL,
    "contactUserId" TEXT,
    "name" TEXT NOT NULL,
    "email" TEXT,
    "phone" TEXT,
    "company" TEXT,
    "position" TEXT,
    "tags" TEXT[],
    "notes" TEXT,
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "connection_contacts_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "connection_contacts_networkId_idx" ON public."connection_contacts"("networkId");
CREATE INDEX "connection_contacts_contactUserId_idx" ON public."connection_contacts"("contactUserId");

CREATE TABLE public."connection_relationships" (
    "id" TEXT NOT NULL,
    "networkId" TEXT NOT NULL,
    "connectedUserId" TEXT NOT NULL,
    "relationshipType" TEXT NOT NULL,
    "strength" INTEGER NOT NULL DEFAULT 50,
    "connectedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lastInteraction" TIMESTAMP(3),
    "metadata" JSONB,
    CONSTRAINT "connection_relationships_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "connection_relationships_networkId_idx" ON public."connection_relationships"("networkId");
CREATE INDEX "connection_relationships_connectedUserId_idx" ON public."connection_relationships"("connectedUserId");

CREATE TABLE public."connection_events" (
    "id" TEXT NOT NULL,
    "networkId" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "eventType" TEXT NOT NULL,
    "startDate" TIMESTAMP(3) NOT NULL,
    "endDate" TIMESTAMP(3) NOT NULL,
    "location" JSONB,
    "attendees" INTEGER NOT NULL DEFAULT 0,
    "capacity" INTEGER,
    "status" TEXT NOT NULL DEFAULT 'UPCOMING',
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "connection_events_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "connection_events_networkId_idx" ON public."connection_events"("networkId");
CREATE INDEX "connection_events_eventType_idx" ON public."connection_events"("eventType");
CREATE INDEX "connection_events_startDate_idx" ON public."connection_events"("startDate");

CREATE TABLE public."connection_opportunities" (
    "id" TEXT NOT NULL,
    "networkId" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "opportunityType" TEXT NOT NULL,
    "value" DOUBLE PRECISION,
    "currency" TEXT DEFAULT 'PI',
    "deadline" TIMESTAMP(3),
    "status" TEXT NOT NULL DEFAULT 'OPEN',
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "connection_opportunities_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "connection_opportunities_networkId_idx" ON public."connection_opportunities"("networkId");
CREATE INDEX "connection_opportunities_opportunityType_idx" ON public."connection_opportunities"("opportunityType");
CREATE INDEX "connection_opportunities_status_idx" ON public."connection_opportunities"("status");

ALTER TABLE public."connection_contacts" ADD CONSTRAINT "connection_contacts_networkId_fkey"
    FOREIGN KEY ("networkId") REFERENCES public."connection_networks"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."connection_relationships" ADD CONSTRAINT "connection_relationships_networkId_fkey"
    FOREIGN KEY ("networkId") REFERENCES public."connection_networks"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."connection_events" ADD CONSTRAINT "connection_events_networkId_fkey"
    FOREIGN KEY ("networkId") REFERENCES public."connection_networks"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."connection_opportunities" ADD CONSTRAINT "connection_opportunities_networkId_fkey"
    FOREIGN KEY ("networkId") REFERENCES public."connection_networks"("id") ON DELETE CASCADE ON UPDATE CASCADE;
