CREATE TYPE public."ReportFormat" AS ENUM ('PDF', 'CSV', 'EXCEL', 'JSON');

CREATE TYPE public."ReportStatus" AS ENUM ('GENERATING', 'COMPLETED', 'FAILED', 'CANCELLED');

CREATE TABLE public."compliance_reports" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "format" public."ReportFormat" NOT NULL DEFAULT 'PDF',
    "status" public."ReportStatus" NOT NULL DEFAULT 'GENERATING',
    "startDate" TIMESTAMP(3) NOT NULL,
    "endDate" TIMESTAMP(3) NOT NULL,
    "filters" JSONB,
    "filePath" TEXT,
    "error" TEXT,
    "createdBy" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    "completedAt" TIMESTAMP(3)
);

CREATE TABLE public."audit_logs" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "entityType" TEXT NOT NULL,
    "entityId" TEXT NOT NULL,
    "details" JSONB,
    "ipAddress" TEXT,
    "userAgent" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
