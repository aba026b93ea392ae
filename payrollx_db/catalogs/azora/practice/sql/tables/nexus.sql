CREATE TABLE public."user_profiles" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "preferences" JSONB NOT NULL,
    "behavior" JSONB NOT NULL,
    "demographics" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "user_profiles_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "user_profiles_userId_key" ON public."user_profiles"("userId");

CREATE TABLE public."recommendations" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "itemId" TEXT NOT NULL,
    "itemName" TEXT NOT NULL,
    "score" DOUBLE PRECISION NOT NULL,
    "context" JSONB NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'active',
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "recommendations_pkey" PRIMARY KEY ("id")
);

CREATE TABLE public."interactions" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "recommendationId" TEXT,
    "type" TEXT NOT NULL,
    "itemId" TEXT NOT NULL,
    "metadata" JSONB NOT NULL,
    "timestamp" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "interactions_pkey" PRIMARY KEY ("id")
);

CREATE TABLE public."audit_logs" (
    "id" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "entityId" TEXT NOT NULL,
    "entityType" TEXT NOT NULL,
    "userId" TEXT,
    "details" JSONB NOT NULL,
    "timestamp" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "audit_logs_pkey" PRIMARY KEY ("id")
);

ALTER TABLE public."recommendations" ADD CONSTRAINT "recommendations_userId_fkey"
    FOREIGN KEY ("userId") REFERENCES public."user_profiles"("userId") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE public."interactions" ADD CONSTRAINT "interactions_userId_fkey"
    FOREIGN KEY ("userId") REFERENCES public."user_profiles"("userId") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE public."interactions" ADD CONSTRAINT "interactions_recommendationId_fkey"
    FOREIGN KEY ("recommendationId") REFERENCES public."recommendations"("id") ON DELETE SET NULL ON UPDATE CASCADE;
