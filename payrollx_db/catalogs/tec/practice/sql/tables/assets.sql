CREATE TABLE public."assets_portfolios" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT,
    "totalValue" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "assets_portfolios_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "assets_portfolios_userId_idx" ON public."assets_portfolios"("userId");

CREATE TABLE public."assets_investments" (
    "id" TEXT NOT NULL,
    "portfolioId" TEXT NOT NULL,
    "assetType" TEXT NOT NULL,
    "assetSymbol" TEXT NOT NULL,
    "assetName" TEXT NOT NULL,
    "quantity" DOUBLE PRECISION NOT NULL,
    "averageCost" DOUBLE PRECISION NOT NULL,
    "currentPrice" DOUBLE PRECISION NOT NULL,
    "totalValue" DOUBLE PRECISION NOT NULL,
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "assets_investments_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "assets_investments_portfolioId_idx" ON public."assets_investments"("portfolioId");
CREATE INDEX "assets_investments_assetType_idx" ON public."assets_investments"("assetType");

CREATE TABLE public."assets_transactions" (
    "id" TEXT NOT NULL,
    "investmentId" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "quantity" DOUBLE PRECISION NOT NULL,
    "price" DOUBLE PRECISION NOT NULL,
    "totalAmount" DOUBLE PRECISION NOT NULL,
    "fees" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "notes" TEXT,
    "metadata" JSONB,
    "executedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "assets_transactions_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "assets_transactions_investmentId_idx" ON public."assets_transactions"("investmentId");
CREATE INDEX "assets_transactions_type_idx" ON public."assets_transactions"("type");
CREATE INDEX "assets_transactions_executedAt_idx" ON public."assets_transactions"("executedAt");

CREATE TABLE public."assets_accounts" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "accountName" TEXT NOT NULL,
    "accountType" TEXT NOT NULL,
    "provider" TEXT,
    "balance" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "assets_accounts_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "assets_accounts_userId_idx" ON public."assets_accounts"("userId");
CREATE INDEX "assets_accounts_accountType_idx" ON public."assets_accounts"("accountType");

CREATE TABLE public."assets_statements" (
    "id" TEXT NOT NULL,
    "accountId" TEXT NOT NULL,
    "periodStart" TIMESTAMP(3) NOT NULL,
    "periodEnd" TIMESTAMP(3) NOT NULL,
    "openingBalance" DOUBLE PRECISION NOT NULL,
    "closingBalance" DOUBLE PRECISION NOT NULL,
    "reportUrl" TEXT,
    "metadata" JSONB,
    "generatedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "assets_statements_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "assets_statements_accountId_idx" ON public."assets_statements"("accountId");
CREATE INDEX "assets_statements_periodStart_idx" ON public."assets_statements"("periodStart");

ALTER TABLE public."assets_investments" ADD CONSTRAINT "assets_investments_portfolioId_fkey"
    FOREIGN KEY ("portfolioId") REFERENCES public."assets_portfolios"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."assets_transactions" ADD CONSTRAINT "assets_transactions_investmentId_fkey"
    FOREIGN KEY ("investmentId") REFERENCES public."assets_investments"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."assets_statements" ADD CONSTRAINT "assets_statements_accountId_fkey"
    FOREIGN KEY ("accountId") REFERENCES public."assets_accounts"("id") ON DELETE CASCADE ON UPDATE CASCADE;
