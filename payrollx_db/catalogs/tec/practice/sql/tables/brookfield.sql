CREATE TABLE public."brookfield_properties" (
    "id" TEXT NOT NULL,
    "ownerId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "propertyClass" TEXT NOT NULL,
    "location" JSONB NOT NULL,
    "price" DOUBLE PRECISION NOT NULL,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "specifications" JSONB NOT NULL,
    "features" TEXT[],
    "images" TEXT[],
    "status" TEXT NOT NULL DEFAULT 'AVAILABLE',
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "brookfield_properties_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "brookfield_properties_ownerId_idx" ON public."brookfield_properties"("ownerId");
CREATE INDEX "brookfield_properties_propertyClass_idx" ON public."brookfield_properties"("propertyClass");
CREATE INDEX "brookfield_properties_status_idx" ON public."brookfield_properties"("status");

CREATE TABLE public."brookfield_listings" (
    "id" TEXT NOT NULL,
    "propertyId" TEXT NOT NULL,
    "listingType" TEXT NOT NULL,
    "askingPrice" DOUBLE PRECISION NOT NULL,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "isExclusive" BOOLEAN NOT NULL DEFAULT false,
    "listedDate" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiryDate" TIMESTAMP(3),
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "brookfield_listings_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "brookfield_listings_propertyId_idx" ON public."brookfield_listings"("propertyId");
CREATE INDEX "brookfield_listings_listingType_idx" ON public."brookfield_listings"("listingType");

CREATE TABLE public."brookfield_valuations" (
    "id" TEXT NOT NULL,
    "propertyId" TEXT NOT NULL,
    "valuationType" TEXT NOT NULL,
    "estimatedValue" DOUBLE PRECISION NOT NULL,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "assessor" TEXT,
    "report" JSONB,
    "valuationDate" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "brookfield_valuations_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "brookfield_valuations_propertyId_idx" ON public."brookfield_valuations"("propertyId");

CREATE TABLE public."brookfield_offers" (
    "id" TEXT NOT NULL,
    "propertyId" TEXT NOT NULL,
    "investorId" TEXT NOT NULL,
    "offerPrice" DOUBLE PRECISION NOT NULL,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "conditions" JSONB,
    "status" TEXT NOT NULL DEFAULT 'SUBMITTED',
    "submittedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "reviewedAt" TIMESTAMP(3),
    CONSTRAINT "brookfield_offers_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "brookfield_offers_propertyId_idx" ON public."brookfield_offers"("propertyId");
CREATE INDEX "brookfield_offers_investorId_idx" ON public."brookfield_offers"("investorId");

CREATE TABLE public."brookfield_contracts" (
    "id" TEXT NOT NULL,
    "offerId" TEXT NOT NULL,
    "contractType" TEXT NOT NULL,
    "referenceNumber" TEXT NOT NULL,
    "terms" JSONB NOT NULL,
    "executedDate" TIMESTAMP(3),
    "closingDate" TIMESTAMP(3),
    "status" TEXT NOT NULL DEFAULT 'DRAFT',
    "documentUrl" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "brookfield_contracts_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "brookfield_contracts_referenceNumber_key" ON public."brookfield_contracts"("referenceNumber");
CREATE INDEX "brookfield_contracts_offerId_idx" ON public."brookfield_contracts"("offerId");

ALTER TABLE public."brookfield_listings" ADD CONSTRAINT "brookfield_listings_propertyId_fkey"
    FOREIGN KEY ("propertyId") REFERENCES public."brookfield_properties"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."brookfield_valuations" ADD CONSTRAINT "brookfield_valuations_propertyId_fkey"
    FOREIGN KEY ("propertyId") REFERENCES public."brookfield_properties"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."brookfield_offers" ADD CONSTRAINT "brookfield_offers_propertyId_fkey"
    FOREIGN KEY ("propertyId") REFERENCES public."brookfield_properties"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."brookfield_contracts" ADD CONSTRAINT "brookfield_contracts_offerId_fkey"
    FOREIGN KEY ("offerId") REFERENCES public."brookfield_offers"("id") ON DELETE CASCADE ON UPDATE CASCADE;
