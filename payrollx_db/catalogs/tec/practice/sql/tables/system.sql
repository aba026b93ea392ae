CREATE TABLE public."system_services" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'RUNNING',
    "healthCheckUrl" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "system_services_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "system_services_name_key" ON public."system_services"("name");
CREATE INDEX "system_services_type_idx" ON public."system_services"("type");
CREATE INDEX "system_services_status_idx" ON public."system_services"("status");

CREATE TABLE public."system_metrics" (
    "id" TEXT NOT NULL,
    "serviceId" TEXT NOT NULL,
    "metricType" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "value" DOUBLE PRECISION NOT NULL,
    "unit" TEXT NOT NULL,
    "threshold" DOUBLE PRECISION,
    "timestamp" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "system_metrics_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "system_metrics_serviceId_idx" ON public."system_metrics"("serviceId");
CREATE INDEX "system_metrics_metricType_idx" ON public."system_metrics"("metricType");
CREATE INDEX "system_metrics_timestamp_idx" ON public."system_metrics"("timestamp");

CREATE TABLE public."system_logs" (
    "id" TEXT NOT NULL,
    "serviceId" TEXT NOT NULL,
    "level" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "stackTrace" TEXT,
    "context" JSONB,
    "timestamp" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "system_logs_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "system_logs_serviceId_idx" ON public."system_logs"("serviceId");
CREATE INDEX "system_logs_level_idx" ON public."system_logs"("level");
CREATE INDEX "system_logs_timestamp_idx" ON public."system_logs"("timestamp");

CREATE TABLE public."system_configurations" (
    "id" TEXT NOT NULL,
    "serviceId" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "valueType" TEXT NOT NULL,
    "isEncrypted" BOOLEAN NOT NULL DEFAULT false,
    "description" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "system_configurations_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "system_configurations_serviceId_key_key" ON public."system_configurations"("serviceId", "key");
CREATE INDEX "system_configurations_serviceId_idx" ON public."system_configurations"("serviceId");

CREATE TABLE public."system_integrations" (
    "id" TEXT NOT NULL,
    "serviceId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "endpoint" TEXT,
    "authType" TEXT,
    "credentials" JSONB,
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "lastCheckedAt" TIMESTAMP(3),
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "system_integrations_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "system_integrations_serviceId_idx" ON public."system_integrations"("serviceId");
CREATE INDEX "system_integrations_type_idx" ON public."system_integrations"("type");

ALTER TABLE public."system_metrics" ADD CONSTRAINT "system_metrics_serviceId_fkey"
    FOREIGN KEY ("serviceId") REFERENCES public."system_services"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."system_logs" ADD CONSTRAINT "system_logs_serviceId_fkey"
    FOREIGN KEY ("serviceId") REFERENCES public."system_services"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."system_configurations" ADD CONSTRAINT "system_configurations_serviceId_fkey"
    FOREIGN KEY ("serviceId") REFERENCES public."system_services"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."system_integrations" ADD CONSTRAINT "system_integrations_serviceId_fkey"
    FOREIGN KEY ("serviceId") REFERENCES public."system_services"("id") ON DELETE CASCADE ON UPDATE CASCADE;
