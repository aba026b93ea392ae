CREATE TABLE public."nx_services" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "category" TEXT NOT NULL,
    "description" TEXT,
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "nx_services_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "nx_services_userId_idx" ON public."nx_services"("userId");
CREATE INDEX "nx_services_category_idx" ON public."nx_services"("category");

CREATE TABLE public."nx_metrics" (
    "id" TEXT NOT NULL,
    "serviceId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "value" DOUBLE PRECISION NOT NULL,
    "unit" TEXT NOT NULL,
    "category" TEXT NOT NULL,
    "timestamp" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "nx_metrics_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "nx_metrics_serviceId_idx" ON public."nx_metrics"("serviceId");
CREATE INDEX "nx_metrics_category_idx" ON public."nx_metrics"("category");
CREATE INDEX "nx_metrics_timestamp_idx" ON public."nx_metrics"("timestamp");

CREATE TABLE public."nx_logs" (
    "id" TEXT NOT NULL,
    "serviceId" TEXT NOT NULL,
    "level" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "metadata" JSONB,
    "timestamp" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "nx_logs_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "nx_logs_serviceId_idx" ON public."nx_logs"("serviceId");
CREATE INDEX "nx_logs_level_idx" ON public."nx_logs"("level");
CREATE INDEX "nx_logs_timestamp_idx" ON public."nx_logs"("timestamp");

CREATE TABLE public."nx_configurations" (
    "id" TEXT NOT NULL,
    "serviceId" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "isSecure" BOOLEAN NOT NULL DEFAULT false,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "nx_configurations_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "nx_configurations_serviceId_key_key" ON public."nx_configurations"("serviceId", "key");
CREATE INDEX "nx_configurations_serviceId_idx" ON public."nx_configurations"("serviceId");

CREATE TABLE public."nx_integrations" (
    "id" TEXT NOT NULL,
    "serviceId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "config" JSONB,
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "lastSyncedAt" TIMESTAMP(3),
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "nx_integrations_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "nx_integrations_serviceId_idx" ON public."nx_integrations"("serviceId");
CREATE INDEX "nx_integrations_provider_idx" ON public."nx_integrations"("provider");

ALTER TABLE public."nx_metrics" ADD CONSTRAINT "nx_metrics_serviceId_fkey"
    FOREIGN KEY ("serviceId") REFERENCES public."nx_services"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."nx_logs" ADD CONSTRAINT "nx_logs_serviceId_fkey"
    FOREIGN KEY ("serviceId") REFERENCES public."nx_services"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."nx_configurations" ADD CONSTRAINT "nx_configurations_serviceId_fkey"
    FOREIGN KEY ("serviceId") REFERENCES public."nx_services"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."nx_integrations" ADD CONSTRAINT "nx_integrations_serviceId_fkey"
    FOREIGN KEY ("serviceId") REFERENCES public."nx_services"("id") ON DELETE CASCADE ON UPDATE CASCADE;
