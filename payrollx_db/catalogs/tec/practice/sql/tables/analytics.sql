CREATE TABLE public."analytics_services" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "description" TEXT,
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "analytics_services_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "analytics_services_userId_idx" ON public."analytics_services"("userId");
CREATE INDEX "analytics_services_type_idx" ON public."analytics_services"("type");

CREATE TABLE public."analytics_metrics" (
    "id" TEXT NOT NULL,
    "serviceId" TEXT NOT NULL,
    "category" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "value" DOUBLE PRECISION NOT NULL,
    "unit" TEXT NOT NULL,
    "dimensions" JSONB,
    "timestamp" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "analytics_metrics_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "analytics_metrics_serviceId_idx" ON public."analytics_metrics"("serviceId");
CREATE INDEX "analytics_metrics_category_idx" ON public."analytics_metrics"("category");
CREATE INDEX "analytics_metrics_timestamp_idx" ON public."analytics_metrics"("timestamp");

CREATE TABLE public."analytics_logs" (
    "id" TEXT NOT NULL,
    "serviceId" TEXT NOT NULL,
    "eventType" TEXT NOT NULL,
    "eventName" TEXT NOT NULL,
    "userId" TEXT,
    "properties" JSONB,
    "timestamp" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "analytics_logs_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "analytics_logs_serviceId_idx" ON public."analytics_logs"("serviceId");
CREATE INDEX "analytics_logs_eventType_idx" ON public."analytics_logs"("eventType");
CREATE INDEX "analytics_logs_timestamp_idx" ON public."analytics_logs"("timestamp");

CREATE TABLE public."analytics_configurations" (
    "id" TEXT NOT NULL,
    "serviceId" TEXT NOT NULL,
    "settingKey" TEXT NOT NULL,
    "settingValue" TEXT NOT NULL,
    "dataType" TEXT NOT NULL,
    "description" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "analytics_configurations_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "analytics_configurations_serviceId_settingKey_key" ON public."analytics_configurations"("serviceId", "settingKey");
CREATE INDEX "analytics_configurations_serviceId_idx" ON public."analytics_configurations"("serviceId");

CREATE TABLE public."analytics_integrations" (
    "id" TEXT NOT NULL,
    "serviceId" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "credentials" JSONB,
    "mapping" JSONB,
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "lastSyncedAt" TIMESTAMP(3),
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "analytics_integrations_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "analytics_integrations_serviceId_idx" ON public."analytics_integrations"("serviceId");
CREATE INDEX "analytics_integrations_source_idx" ON public."analytics_integrations"("source");

ALTER TABLE public."analytics_metrics" ADD CONSTRAINT "analytics_metrics_serviceId_fkey"
    FOREIGN KEY ("serviceId") REFERENCES public."analytics_services"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."analytics_logs" ADD CONSTRAINT "analytics_logs_serviceId_fkey"
    FOREIGN KEY ("serviceId") REFERENCES public."analytics_services"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."analytics_configurations" ADD CONSTRAINT "analytics_configurations_serviceId_fkey"
    FOREIGN KEY ("serviceId") REFERENCES public."analytics_services"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."analytics_integrations" ADD CONSTRAINT "analytics_integrations_serviceId_fkey"
    FOREIGN KEY ("serviceId") REFERENCES public."analytics_services"("id") ON DELETE CASCADE ON UPDATE CASCADE;
