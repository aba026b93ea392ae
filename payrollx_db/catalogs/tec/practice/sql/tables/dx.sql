CREATE TABLE public."dx_services" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "endpoint" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "dx_services_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "dx_services_userId_idx" ON public."dx_services"("userId");
CREATE INDEX "dx_services_type_idx" ON public."dx_services"("type");
CREATE INDEX "dx_services_status_idx" ON public."dx_services"("status");

CREATE TABLE public."dx_metrics" (
    "id" TEXT NOT NULL,
    "serviceId" TEXT NOT NULL,
    "metricName" TEXT NOT NULL,
    "metricValue" DOUBLE PRECISION NOT NULL,
    "unit" TEXT NOT NULL,
    "timestamp" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "metadata" JSONB,
    CONSTRAINT "dx_metrics_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "dx_metrics_serviceId_idx" ON public."dx_metrics"("serviceId");
CREATE INDEX "dx_metrics_metricName_idx" ON public."dx_metrics"("metricName");
CREATE INDEX "dx_metrics_timestamp_idx" ON public."dx_metrics"("timestamp");

CREATE TABLE public."dx_logs" (
    "id" TEXT NOT NULL,
    "serviceId" TEXT NOT NULL,
    "level" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "stackTrace" TEXT,
    "requestId" TEXT,
    "userId" TEXT,
    "metadata" JSONB,
    "timestamp" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "dx_logs_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "dx_logs_serviceId_idx" ON public."dx_logs"("serviceId");
CREATE INDEX "dx_logs_level_idx" ON public."dx_logs"("level");
CREATE INDEX "dx_logs_timestamp_idx" ON public."dx_logs"("timestamp");

CREATE TABLE public."dx_configurations" (
    "id" TEXT NOT NULL,
    "serviceId" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "isSecret" BOOLEAN NOT NULL DEFAULT false,
    "description" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "dx_configurations_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "dx_configurations_serviceId_key_key" ON public."dx_configurations"("serviceId", "key");
CREATE INDEX "dx_configurations_serviceId_idx" ON public."dx_configurations"("serviceId");

CREATE TABLE public."dx_integrations" (
    "id" TEXT NOT NULL,
    "serviceId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "credentials" JSONB,
    "config" JSONB,
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "lastSyncedAt" TIMESTAMP(3),
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "dx_integrations_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "dx_integrations_serviceId_idx" ON public."dx_integrations"("serviceId");
CREATE INDEX "dx_integrations_provider_idx" ON public."dx_integrations"("provider");

ALTER TABLE public."dx_metrics" ADD CONSTRAINT "dx_metrics_serviceId_fkey"
    FOREIGN KEY ("serviceId") REFERENCES public."dx_services"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."dx_logs" ADD CONSTRAINT "dx_logs_serviceId_fkey"
    FOREIGN KEY ("serviceId") REFERENCES public."dx_services"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."dx_configurations" ADD CONSTRAINT "dx_configurations_serviceId_fkey"
    FOREIGN KEY ("serviceId") REFERENCES public."dx_services"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."dx_integrations" ADD CONSTRAINT "dx_integrations_serviceId_fkey"
    FOREIGN KEY ("serviceId") REFERENCES public."dx_services"("id") ON DELETE CASCADE ON UPDATE CASCADE;
