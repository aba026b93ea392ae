CREATE TABLE public."zone_enterprises" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "location" JSONB NOT NULL,
    "timezone" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'OPERATIONAL',
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "zone_enterprises_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "zone_enterprises_type_idx" ON public."zone_enterprises"("type");
CREATE INDEX "zone_enterprises_status_idx" ON public."zone_enterprises"("status");

CREATE TABLE public."zone_solutions" (
    "id" TEXT NOT NULL,
    "enterpriseId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "category" TEXT NOT NULL,
    "description" TEXT,
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "zone_solutions_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "zone_solutions_enterpriseId_idx" ON public."zone_solutions"("enterpriseId");
CREATE INDEX "zone_solutions_category_idx" ON public."zone_solutions"("category");

CREATE TABLE public."zone_deployments" (
    "id" TEXT NOT NULL,
    "enterpriseId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "environment" TEXT NOT NULL,
    "config" JSONB NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "deployedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "zone_deployments_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "zone_deployments_enterpriseId_idx" ON public."zone_deployments"("enterpriseId");
CREATE INDEX "zone_deployments_environment_idx" ON public."zone_deployments"("environment");

CREATE TABLE public."zone_regions" (
    "id" TEXT NOT NULL,
    "deploymentId" TEXT,
    "solutionId" TEXT,
    "name" TEXT NOT NULL,
    "code" TEXT NOT NULL,
    "country" TEXT NOT NULL,
    "city" TEXT,
    "location" JSONB NOT NULL,
    "capacity" JSONB,
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "zone_regions_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "zone_regions_code_key" ON public."zone_regions"("code");
CREATE INDEX "zone_regions_deploymentId_idx" ON public."zone_regions"("deploymentId");
CREATE INDEX "zone_regions_solutionId_idx" ON public."zone_regions"("solutionId");
CREATE INDEX "zone_regions_code_idx" ON public."zone_regions"("code");
CREATE INDEX "zone_regions_country_idx" ON public."zone_regions"("country");

CREATE TABLE public."zone_licenses" (
    "id" TEXT NOT NULL,
    "enterpriseId" TEXT NOT NULL,
    "licenseKey" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "regions" TEXT[],
    "features" JSONB NOT NULL,
    "issuedDate" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiryDate" TIMESTAMP(3) NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'VALID',
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "zone_licenses_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "zone_licenses_licenseKey_key" ON public."zone_licenses"("licenseKey");
CREATE INDEX "zone_licenses_enterpriseId_idx" ON public."zone_licenses"("enterpriseId");
CREATE INDEX "zone_licenses_type_idx" ON public."zone_licenses"("type");
CREATE INDEX "zone_licenses_status_idx" ON public."zone_licenses"("status");

ALTER TABLE public."zone_solutions" ADD CONSTRAINT "zone_solutions_enterpriseId_fkey"
    FOREIGN KEY ("enterpriseId") REFERENCES public."zone_enterprises"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."zone_deployments" ADD CONSTRAINT "zone_deployments_enterpriseId_fkey"
    FOREIGN KEY ("enterpriseId") REFERENCES public."zone_enterprises"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."zone_regions" ADD CONSTRAINT "zone_regions_deploymentId_fkey"
    FOREIGN KEY ("deploymentId") REFERENCES public."zone_deployments"("id") ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE public."zone_regions" ADD CONSTRAINT "zone_regions_solutionId_fkey"
    FOREIGN KEY ("solutionId") REFERENCES public."zone_solutions"("id") ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE public."zone_licenses" ADD CONSTRAINT "zone_licenses_enterpriseId_fkey"
    FOREIGN KEY ("enterpriseId") REFERENCES public."zone_enterprises"("id") ON DELETE CASCADE ON UPDATE CASCADE;
