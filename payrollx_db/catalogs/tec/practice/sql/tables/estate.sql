CREATE TABLE public."estate_properties" (
    "id" TEXT NOT NULL,
    "ownerId" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "propertyType" TEXT NOT NULL,
    "address" JSONB NOT NULL,
    "location" JSONB NOT NULL,
    "price" DOUBLE PRECISION NOT NULL,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "specifications" JSONB NOT NULL,
    "amenities" TEXT[],
    "images" TEXT[],
    "status" TEXT NOT NULL DEFAULT 'AVAILABLE',
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "estate_properties_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "estate_properties_ownerId_idx" ON public."estate_properties"("ownerId");
CREATE INDEX "estate_properties_propertyType_idx" ON public."estate_properties"("propertyType");
CREATE INDEX "estate_properties_status_idx" ON public."estate_properties"("status");

CREATE TABLE public."estate_listings" (
    "id" TEXT NOT NULL,
    "propertyId" TEXT NOT NULL,
    "listingType" TEXT NOT NULL,
    "price" DOUBLE PRECISION NOT NULL,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "listedDate" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiryDate" TIMESTAMP(3),
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "views" INTEGER NOT NULL DEFAULT 0,
    "inquiries" INTEGER NOT NULL DEFAULT 0,
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "estate_listings_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "estate_listings_propertyId_idx" ON public."estate_listings"("propertyId");
CREATE INDEX "estate_listings_listingType_idx" ON public."estate_listings"("listingType");
CREATE INDEX "estate_listings_status_idx" ON public."estate_listings"("status");

CREATE TABLE public."estate_valuations" (
    "id" TEXT NOT NULL,
    "propertyId" TEXT NOT NULL,
    "valuationType" TEXT NOT NULL,
    "value" DOUBLE PRECISION NOT NULL,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "valuedBy" TEXT,
    "methodology" TEXT,
    "valuationDate" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "notes" TEXT,
    "metadata" JSONB,
    CONSTRAINT "estate_valuations_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "estate_valuations_propertyId_idx" ON public."estate_valuations"("propertyId");
CREATE INDEX "estate_valuations_valuationType_idx" ON public."estate_valuations"("valuationType");

CREATE TABLE public."estate_offers" (
    "id" TEXT NOT NULL,
    "propertyId" TEXT NOT NULL,
    "buyerId" TEXT NOT NULL,
    "offerAmount" DOUBLE PRECISION NOT NULL,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "terms" JSONB,
    "status" TEXT NOT NULL DEFAULT 'PENDING',
    "submittedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "respondedAt" TIMESTAMP(3),
    "metadata" JSONB,
    CONSTRAINT "estate_offers_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "estate_offers_propertyId_idx" ON public."estate_offers"("propertyId");
CREATE INDEX "estate_offers_buyerId_idx" ON public."estate_offers"("buyerId");
CREATE INDEX "estate_offers_status_idx" ON public."estate_offers"("status");

CREATE TABLE public."estate_contracts" (
    "id" TEXT NOT NULL,
    "offerId" TEXT NOT NULL,
    "contractType" TEXT NOT NULL,
    "contractNumber" TEXT NOT NULL,
    "terms" JSONB NOT NULL,
    "signedDate" TIMESTAMP(3),
    "effectiveDate" TIMESTAMP(3),
    "expiryDate" TIMESTAMP(3),
    "status" TEXT NOT NULL DEFAULT 'DRAFT',
    "documentUrl" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "estate_contracts_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "estate_contracts_contractNumber_key" ON public."estate_contracts"("contractNumber");
CREATE INDEX "estate_contracts_offerId_idx" ON public."estate_contracts"("offerId");
CREATE INDEX "estate_contracts_status_idx" ON public."estate_contracts"("status");

ALTER TABLE public."estate_listings" ADD CONSTRAINT "estate_listings_propertyId_fkey"
    FOREIGN KEY ("propertyId") REFERENCES public."estate_properties"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."estate_valuations" ADD CONSTRAINT "estate_valuations_propertyId_fkey"
    FOREIGN KEY ("propertyId") REFERENCES public."estate_properties"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."estate_offers" ADD CONSTRAINT "estate_offers_propertyId_fkey"
    FOREIGN KEY ("propertyId") REFERENCES public."estate_properties"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."estate_contracts" ADD CONSTRAINT "estate_contracts_offerId_fkey"
    FOREIGN KEY ("offerId") REFERENCES public."estate_offers"("id") ON DELETE CASCADE ON UPDATE CASCADE;
