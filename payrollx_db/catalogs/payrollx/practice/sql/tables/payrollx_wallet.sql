CREATE TYPE public."KycStatus" AS ENUM ('PENDING', 'VERIFIED', 'APPROVED', 'REJECTED');

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

CREATE TABLE public."wallets" (
    "id" TEXT NOT NULL,
    "employeeId" TEXT NOT NULL,
    "publicKey" TEXT NOT NULL,
    "keyShareIds" TEXT[],
    "provider" TEXT NOT NULL DEFAULT 'mpc',
    "createdBy" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    "deletedAt" TIMESTAMP(3)
);
