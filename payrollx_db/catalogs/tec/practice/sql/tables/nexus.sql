CREATE TABLE public."nexus_services" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "description" TEXT,
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "nexus_services_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "nexus_services_userId_idx" ON public."nexus_services"("userId");
CREATE INDEX "nexus_services_type_idx" ON public."nexus_services"("type");

CREATE TABLE public."nexus_metrics" (
    "id" TEXT NOT NULL,
    "serviceId" TEXT NOT NULL,
    "metricType" TEXT NOT NULL,
    "value" DOUBLE PRECISION NOT NULL,
    "unit" TEXT NOT NULL,
    "timestamp" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "nexus_metrics_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "nexus_metrics_serviceId_idx" ON public."nexus_metrics"("serviceId");
CREATE INDEX "nexus_metrics_metricType_idx" ON public."nexus_metrics"("metricType");
CREATE INDEX "nexus_metrics_timestamp_idx" ON public."nexus_metrics"("timestamp");

CREATE TABLE public."nexus_logs" (
    "id" TEXT NOT NULL,
    "serviceId" TEXT NOT NULL,
    "level" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "target" TEXT,
    "metadata" JSONB,
    "timestamp" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "nexus_logs_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "nexus_logs_serviceId_idx" ON public."nexus_logs"("serviceId");
CREATE INDEX "nexus_logs_level_idx" ON public."nexus_logs"("level");
CREATE INDEX "nexus_logs_timestamp_idx" ON public."nexus_logs"("timestamp");

CREATE TABLE public."nexus_configurations" (
    "id" TEXT NOT NULL,
    "serviceId" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "dataType" TEXT NOT NULL,
    "isEncrypted" BOOLEAN NOT NULL DEFAULT false,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "nexus_configurations_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "nexus_configurations_serviceId_key_key" ON public."nexus_configurations"("serviceId", "key");
CREATE INDEX "nexus_configurations_serviceId_idx" ON public."nexus_configurations"("serviceId");

CREATE TABLE public."nexus_integrations" (
    "id" TEXT NOT NULL,
    "serviceId" TEXT NOT NULL,
    "sourceSystem" TEXT NOT NULL,
    "targetSystem" TEXT NOT NULL,
    "mapping" JSONB NOT NULL,
    "transform" JSONB,
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "lastExecutedAt" TIMESTAMP(3),
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "nexus_integrations_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "nexus_integrations_serviceId_idx" ON public."nexus_integrations"("serviceId");
CREATE INDEX "nexus_integrations_sourceSystem_idx" ON public."nexus_integrations"("sourceSystem");
CREATE INDEX "nexus_integrations_targetSystem_idx" ON public."nexus_integrations"("targetSystem");

ALTER TABLE public."nexus_metrics" ADD CONSTRAINT "nexus_metrics_serviceId_fkey"
    FOREIGN KEY ("serviceId") REFERENCES public."nexus_services"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."nexus_logs" ADD CONSTRAINT "nexus_logs_serviceId_fkey"
    FOREIGN KEY ("serviceId") REFERENCES public."nexus_services"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."nexus_configurations" ADD CONSTRAINT "nexus_configurations_serviceId_fkey"
    FOREIGN KEY ("serviceId") REFERENCES public."nexus_services"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."nexus_integrations" ADD CONSTRAINT "nexus_integrations_serviceId_fkey"
    FOREIGN KEY ("serviceId") REFERENCES public."nexus_services"("id") ON DELETE CASCADE ON UPDATE CASCADE;
