CREATE TABLE public."explorer_destinations" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "country" TEXT NOT NULL,
    "city" TEXT,
    "region" TEXT,
    "description" TEXT NOT NULL,
    "highlights" TEXT[],
    "images" TEXT[],
    "location" JSONB NOT NULL,
    "category" TEXT NOT NULL,
    "rating" DOUBLE PRECISION,
    "reviewCount" INTEGER NOT NULL DEFAULT 0,
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "explorer_destinations_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "explorer_destinations_country_idx" ON public."explorer_destinations"("country");
CREATE INDEX "explorer_destinations_category_idx" ON public."explorer_destinations"("category");
CREATE INDEX "explorer_destinations_status_idx" ON public."explorer_destinations"("status");

CREATE TABLE public."explorer_bookings" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "destinationId" TEXT NOT NULL,
    "bookingNumber" TEXT NOT NULL,
    "bookingType" TEXT NOT NULL,
    "checkInDate" TIMESTAMP(3) NOT NULL,
    "checkOutDate" TIMESTAMP(3) NOT NULL,
    "guests" INTEGER NOT NULL DEFAULT 1,
    "totalPrice" DOUBLE PRECISION NOT NULL,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "status" TEXT NOT NULL DEFAULT 'PENDING',
    "metadata" JSONB,
    "bookedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "confirmedAt" TIMESTAMP(3),
    CONSTRAINT "explorer_bookings_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "explorer_bookings_bookingNumber_key" ON public."explorer_bookings"("bookingNumber");
CREATE INDEX "explorer_bookings_userId_idx" ON public."explorer_bookings"("userId");
CREATE INDEX "explorer_bookings_destinationId_idx" ON public."explorer_bookings"("destinationId");
CREATE INDEX "explorer_bookings_status_idx" ON public."explorer_bookings"("status");

CREATE TABLE public."explorer_itineraries" (
    "id" TEXT NOT NULL,
    "bookingId" TEXT NOT NULL,
    "day" INTEGER NOT NULL,
    "title" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "activities" JSONB[],
    "startTime" TIMESTAMP(3) NOT NULL,
    "endTime" TIMESTAMP(3) NOT NULL,
    "location" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "explorer_itineraries_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "explorer_itineraries_bookingId_idx" ON public."explorer_itineraries"("bookingId");

CREATE TABLE public."explorer_experiences" (
    "id" TEXT NOT NULL,
    "destinationId" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "duration" INTEGER,
    "price" DOUBLE PRECISION NOT NULL,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "maxParticipants" INTEGER,
    "images" TEXT[],
    "rating" DOUBLE PRECISION,
    "reviewCount" INTEGER NOT NULL DEFAULT 0,
    "availability" JSONB,
    "status" TEXT NOT NULL DEFAULT 'AVAILABLE',
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "explorer_experiences_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "explorer_experiences_destinationId_idx" ON public."explorer_experiences"("destinationId");
CREATE INDEX "explorer_experiences_type_idx" ON public."explorer_experiences"("type");
CREATE INDEX "explorer_experiences_status_idx" ON public."explorer_experiences"("status");

CREATE TABLE public."explorer_travels" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "experienceId" TEXT NOT NULL,
    "travelDate" TIMESTAMP(3) NOT NULL,
    "participants" INTEGER NOT NULL DEFAULT 1,
    "totalPaid" DOUBLE PRECISION NOT NULL,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "status" TEXT NOT NULL DEFAULT 'SCHEDULED',
    "review" JSONB,
    "rating" DOUBLE PRECISION,
    "completedAt" TIMESTAMP(3),
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "explorer_travels_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "explorer_travels_userId_idx" ON public."explorer_travels"("userId");
CREATE INDEX "explorer_travels_experienceId_idx" ON public."explorer_travels"("experienceId");
CREATE INDEX "explorer_travels_status_idx" ON public."explorer_travels"("status");

ALTER TABLE public."explorer_bookings" ADD CONSTRAINT "explorer_bookings_destinationId_fkey"
    FOREIGN KEY ("destinationId") REFERENCES public."explorer_destinations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE public."explorer_itineraries" ADD CONSTRAINT "explorer_itineraries_bookingId_fkey"
    FOREIGN KEY ("bookingId") REFERENCES public."explorer_bookings"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."explorer_experiences" ADD CONSTRAINT "explorer_experiences_destinationId_fkey"
    FOREIGN KEY ("destinationId") REFERENCES public."explorer_destinations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE public."explorer_travels" ADD CONSTRAINT "explorer_travels_experienceId_fkey"
    FOREIGN KEY ("experienceId") REFERENCES public."explorer_experiences"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
