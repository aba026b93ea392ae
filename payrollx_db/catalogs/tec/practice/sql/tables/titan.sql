CREATE TABLE public."titan_enterprises" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "industry" TEXT NOT NULL,
    "size" TEXT NOT NULL,
    "address" JSONB,
    "contactInfo" JSONB NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "titan_enterprises_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "titan_enterprises_industry_idx" ON public."titan_enterprises"("industry");
CREATE INDEX "titan_enterprises_size_idx" ON public."titan_enterprises"("size");
CREATE INDEX "titan_enterprises_status_idx" ON public."titan_enterprises"("status");

CREATE TABLE public."titan_solutions" (
    "id" TEXT NOT NULL,
    "enterpriseId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "pricing" JSONB NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'AVAILABLE',
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "titan_solutions_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "titan_solutions_enterpriseId_idx" ON public."titan_solutions"("enterpriseId");
CREATE INDEX "titan_solutions_type_idx" ON public."titan_solutions"("type");

CREATE TABLE public."titan_deployments" (
    "id" TEXT NOT NULL,
    "enterpriseId" TEXT NOT NULL,
    "solutionId" TEXT NOT NULL,
    "environment" TEXT NOT NULL,
    "region" TEXT NOT NULL,
    "config" JSONB NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'DEPLOYING',
    "deployedAt" TIMESTAMP(3),
    "lastUpdatedAt" TIMESTAMP(3),
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "titan_deployments_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "titan_deployments_enterpriseId_idx" ON public."titan_deployments"("enterpriseId");
CREATE INDEX "titan_deployments_solutionId_idx" ON public."titan_deployments"("solutionId");
CREATE INDEX "titan_deployments_environment_idx" ON public."titan_deployments"("environment");

CREATE TABLE public."titan_regions" (
    "id" TEXT NOT NULL,
    "deploymentId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "code" TEXT NOT NULL,
    "location" JSONB NOT NULL,
    "capacity" JSONB NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "titan_regions_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "titan_regions_deploymentId_idx" ON public."titan_regions"("deploymentId");
CREATE INDEX "titan_regions_code_idx" ON public."titan_regions"("code");

CREATE TABLE public."titan_licenses" (
    "id" TEXT NOT NULL,
    "enterpriseId" TEXT NOT NULL,
    "licenseKey" TEXT NOT NULL,
    "licenseType" TEXT NOT NULL,
    "users" INTEGER,
    "domains" INTEGER,
    "features" JSONB NOT NULL,
    "validFrom" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "validUntil" TIMESTAMP(3) NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "titan_licenses_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "titan_licenses_licenseKey_key" ON public."titan_licenses"("licenseKey");
CREATE INDEX "titan_licenses_enterpriseId_idx" ON public."titan_licenses"("enterpriseId");
CREATE INDEX "titan_licenses_licenseType_idx" ON public."titan_licenses"("licenseType");
CREATE INDEX "titan_licenses_status_idx" ON public."titan_licenses"("status");

ALTER TABLE public."titan_solutions" ADD CONSTRAINT "titan_solutions_enterpriseId_fkey"
    FOREIGN KEY ("enterpriseId") REFERENCES public."titan_enterprises"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."titan_deployments" ADD CONSTRAINT "titan_deployments_enterpriseId_fkey"
    FOREIGN KEY ("enterpriseId") REFERENCES public."titan_enterprises"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."titan_deployments" ADD CONSTRAINT "titan_deployments_solutionId_fkey"
    FOREIGN KEY ("solutionId") REFERENCES public."titan_solutions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE public."titan_regions" ADD CONSTRAINT "titan_regions_deploymentId_fkey"
    FOREIGN KEY ("deploymentId") REFERENCES public."titan_deployments"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."titan_licenses" ADD CONSTRAINT "titan_licenses_enterpriseId_fkey"
    FOREIGN KEY ("enterpriseId") REFERENCES public."titan_enterprises"("id") ON DELETE CASCADE ON UPDATE CASCADE;
