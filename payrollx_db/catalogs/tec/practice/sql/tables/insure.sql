CREATE TABLE public."insure_policies" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "policyNumber" TEXT NOT NULL,
    "policyType" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "premium" DOUBLE PRECISION NOT NULL,
    "coverage" DOUBLE PRECISION NOT NULL,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "startDate" TIMESTAMP(3) NOT NULL,
    "endDate" TIMESTAMP(3) NOT NULL,
    "renewalDate" TIMESTAMP(3),
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "insure_policies_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "insure_policies_policyNumber_key" ON public."insure_policies"("policyNumber");
CREATE INDEX "insure_policies_userId_idx" ON public."insure_policies"("userId");
CREATE INDEX "insure_policies_policyType_idx" ON public."insure_policies"("policyType");
CREATE INDEX "insure_policies_status_idx" ON public."insure_policies"("status");

CREATE TABLE public."insure_claims" (
    "id" TEXT NOT NULL,
    "policyId" TEXT NOT NULL,
    "claimNumber" TEXT NOT NULL,
    "claimType" TEXT NOT NULL,
    "amount" DOUBLE PRECISION NOT NULL,
    "approvedAmount" DOUBLE PRECISION,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "status" TEXT NOT NULL DEFAULT 'PENDING',
    "incidentDate" TIMESTAMP(3) NOT NULL,
    "filedDate" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "settledDate" TIMESTAMP(3),
    "description" TEXT NOT NULL,
    "evidence" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "insure_claims_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "insure_claims_claimNumber_key" ON public."insure_claims"("claimNumber");
CREATE INDEX "insure_claims_policyId_idx" ON public."insure_claims"("policyId");
CREATE INDEX "insure_claims_claimNumber_idx" ON public."insure_claims"("claimNumber");
CREATE INDEX "insure_claims_status_idx" ON public."insure_claims"("status");

CREATE TABLE public."insure_coverages" (
    "id" TEXT NOT NULL,
    "policyId" TEXT NOT NULL,
    "coverageType" TEXT NOT NULL,
    "coverageLimit" DOUBLE PRECISION NOT NULL,
    "deductible" DOUBLE PRECISION NOT NULL,
    "copay" DOUBLE PRECISION,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "details" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "insure_coverages_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "insure_coverages_policyId_idx" ON public."insure_coverages"("policyId");
CREATE INDEX "insure_coverages_coverageType_idx" ON public."insure_coverages"("coverageType");

CREATE TABLE public."insure_premiums" (
    "id" TEXT NOT NULL,
    "policyId" TEXT NOT NULL,
    "amount" DOUBLE PRECISION NOT NULL,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "dueDate" TIMESTAMP(3) NOT NULL,
    "paidDate" TIMESTAMP(3),
    "status" TEXT NOT NULL DEFAULT 'PENDING',
    "paymentMethod" TEXT,
    "transactionId" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "insure_premiums_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "insure_premiums_policyId_idx" ON public."insure_premiums"("policyId");
CREATE INDEX "insure_premiums_dueDate_idx" ON public."insure_premiums"("dueDate");
CREATE INDEX "insure_premiums_status_idx" ON public."insure_premiums"("status");

CREATE TABLE public."insure_beneficiaries" (
    "id" TEXT NOT NULL,
    "policyId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "relationship" TEXT NOT NULL,
    "percentage" DOUBLE PRECISION NOT NULL,
    "contactInfo" JSONB,
    "isPrimary" BOOLEAN NOT NULL DEFAULT false,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "insure_beneficiaries_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "insure_beneficiaries_policyId_idx" ON public."insure_beneficiaries"("policyId");

ALTER TABLE public."insure_claims" ADD CONSTRAINT "insure_claims_policyId_fkey"
    FOREIGN KEY ("policyId") REFERENCES public."insure_policies"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."insure_coverages" ADD CONSTRAINT "insure_coverages_policyId_fkey"
    FOREIGN KEY ("policyId") REFERENCES public."insure_policies"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."insure_premiums" ADD CONSTRAINT "insure_premiums_policyId_fkey"
    FOREIGN KEY ("policyId") REFERENCES public."insure_policies"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."insure_beneficiaries" ADD CONSTRAINT "insure_beneficiaries_policyId_fkey"
    FOREIGN KEY ("policyId") REFERENCES public."insure_policies"("id") ON DELETE CASCADE ON UPDATE CASCADE;
