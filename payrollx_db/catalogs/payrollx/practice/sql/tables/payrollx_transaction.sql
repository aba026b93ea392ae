CREATE TYPE public."KycStatus" AS ENUM ('PENDING', 'VERIFIED', 'APPROVED', 'REJECTED');

CREATE TYPE public."PayrollStatus" AS ENUM ('DRAFT', 'PENDING', 'PROCESSING', 'COMPLETED', 'FAILED');

CREATE TYPE public."TransactionType" AS ENUM ('PAYROLL', 'BONUS', 'REFUND', 'ADJUSTMENT');

CREATE TYPE public."TransactionStatus" AS ENUM ('PENDING', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED');

CREATE TABLE public."employees" (
    "id" TEXT NOT NULL,
    "organizationId" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "walletAddress" TEXT,
    "kycStatus" public."KycStatus" NOT NULL DEFAULT 'PENDING',
    "kycDocuments" JSONB,
    "salary" DECIMAL(65,30),
    "paymentToken" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    "deletedAt" TIMESTAMP(3)
);

CREATE TABLE public."payroll_runs" (
    "id" TEXT NOT NULL,
    "organizationId" TEXT NOT NULL,
    "status" public."PayrollStatus" NOT NULL DEFAULT 'DRAFT',
    "scheduledDate" TIMESTAMP(3) NOT NULL,
    "totalAmount" DECIMAL(65,30) NOT NULL,
    "currency" TEXT NOT NULL DEFAULT 'SOL',
    "createdBy" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    "deletedAt" TIMESTAMP(3)
);

CREATE TABLE public."transactions" (
    "id" TEXT NOT NULL,
    "payrollRunId" TEXT NOT NULL,
    "employeeId" TEXT NOT NULL,
    "type" public."TransactionType" NOT NULL DEFAULT 'PAYROLL',
    "amount" DECIMAL(65,30) NOT NULL,
    "tokenAddress" TEXT,
    "signature" TEXT,
    "status" public."TransactionStatus" NOT NULL DEFAULT 'PENDING',
    "error" TEXT,
    "notes" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    "completedAt" TIMESTAMP(3)
);
