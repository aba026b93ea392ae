CREATE TABLE public."alert_services" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "alert_services_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "alert_services_userId_idx" ON public."alert_services"("userId");
CREATE INDEX "alert_services_type_idx" ON public."alert_services"("type");

CREATE TABLE public."alert_metrics" (
    "id" TEXT NOT NULL,
    "serviceId" TEXT NOT NULL,
    "alertsSent" INTEGER NOT NULL,
    "alertsFailed" INTEGER NOT NULL,
    "alertsRead" INTEGER NOT NULL,
    "responseTime" DOUBLE PRECISION NOT NULL,
    "timestamp" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "alert_metrics_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "alert_metrics_serviceId_idx" ON public."alert_metrics"("serviceId");
CREATE INDEX "alert_metrics_timestamp_idx" ON public."alert_metrics"("timestamp");

CREATE TABLE public."alert_logs" (
    "id" TEXT NOT NULL,
    "serviceId" TEXT NOT NULL,
    "alertType" TEXT NOT NULL,
    "recipient" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "deliveryStatus" TEXT NOT NULL DEFAULT 'PENDING',
    "readAt" TIMESTAMP(3),
    "metadata" JSONB,
    "sentAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "alert_logs_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "alert_logs_serviceId_idx" ON public."alert_logs"("serviceId");
CREATE INDEX "alert_logs_alertType_idx" ON public."alert_logs"("alertType");
CREATE INDEX "alert_logs_deliveryStatus_idx" ON public."alert_logs"("deliveryStatus");

CREATE TABLE public."alert_configurations" (
    "id" TEXT NOT NULL,
    "serviceId" TEXT NOT NULL,
    "settingName" TEXT NOT NULL,
    "settingValue" TEXT NOT NULL,
    "isActive" BOOLEAN NOT NULL DEFAULT true,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "alert_configurations_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "alert_configurations_serviceId_settingName_key" ON public."alert_configurations"("serviceId", "settingName");
CREATE INDEX "alert_configurations_serviceId_idx" ON public."alert_configurations"("serviceId");

CREATE TABLE public."alert_integrations" (
    "id" TEXT NOT NULL,
    "serviceId" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "apiKey" TEXT,
    "config" JSONB,
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "lastUsedAt" TIMESTAMP(3),
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "alert_integrations_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "alert_integrations_serviceId_idx" ON public."alert_integrations"("serviceId");
CREATE INDEX "alert_integrations_provider_idx" ON public."alert_integrations"("provider");

ALTER TABLE public."alert_metrics" ADD CONSTRAINT "alert_metrics_serviceId_fkey"
    FOREIGN KEY ("serviceId") REFERENCES public."alert_services"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."alert_logs" ADD CONSTRAINT "alert_logs_serviceId_fkey"
    FOREIGN KEY ("serviceId") REFERENCES public."alert_services"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."alert_configurations" ADD CONSTRAINT "alert_configurations_serviceId_fkey"
    FOREIGN KEY ("serviceId") REFERENCES public."alert_services"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."alert_integrations" ADD CONSTRAINT "alert_integrations_serviceId_fkey"
    FOREIGN KEY ("serviceId") REFERENCES public."alert_services"("id") ON DELETE CASCADE ON UPDATE CASCADE;
