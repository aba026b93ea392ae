CREATE TABLE public."life_portfolios" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "totalValue" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "life_portfolios_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "life_portfolios_userId_idx" ON public."life_portfolios"("userId");
CREATE INDEX "life_portfolios_type_idx" ON public."life_portfolios"("type");

CREATE TABLE public."life_investments" (
    "id" TEXT NOT NULL,
    "portfolioId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "amount" DOUBLE PRECISION NOT NULL,
    "currentValue" DOUBLE PRECISION NOT NULL,
    "purchasePrice" DOUBLE PRECISION NOT NULL,
    "purchaseDate" TIMESTAMP(3) NOT NULL,
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "life_investments_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "life_investments_portfolioId_idx" ON public."life_investments"("portfolioId");
CREATE INDEX "life_investments_type_idx" ON public."life_investments"("type");

CREATE TABLE public."life_transactions" (
    "id" TEXT NOT NULL,
    "investmentId" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "amount" DOUBLE PRECISION NOT NULL,
    "price" DOUBLE PRECISION NOT NULL,
    "quantity" DOUBLE PRECISION,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "description" TEXT,
    "metadata" JSONB,
    "executedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "life_transactions_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "life_transactions_investmentId_idx" ON public."life_transactions"("investmentId");
CREATE INDEX "life_transactions_type_idx" ON public."life_transactions"("type");
CREATE INDEX "life_transactions_executedAt_idx" ON public."life_transactions"("executedAt");

CREATE TABLE public."life_accounts" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "accountNumber" TEXT NOT NULL,
    "accountType" TEXT NOT NULL,
    "balance" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "life_accounts_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "life_accounts_accountNumber_key" ON public."life_accounts"("accountNumber");
CREATE INDEX "life_accounts_userId_idx" ON public."life_accounts"("userId");
CREATE INDEX "life_accounts_accountType_idx" ON public."life_accounts"("accountType");

CREATE TABLE public."life_statements" (
    "id" TEXT NOT NULL,
    "accountId" TEXT NOT NULL,
    "periodStart" TIMESTAMP(3) NOT NULL,
    "periodEnd" TIMESTAMP(3) NOT NULL,
    "openingBalance" DOUBLE PRECISION NOT NULL,
    "closingBalance" DOUBLE PRECISION NOT NULL,
    "documentUrl" TEXT,
    "metadata" JSONB,
    "generatedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "life_statements_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "life_statements_accountId_idx" ON public."life_statements"("accountId");
CREATE INDEX "life_statements_periodStart_idx" ON public."life_statements"("periodStart");

ALTER TABLE public."life_investments" ADD CONSTRAINT "life_investments_portfolioId_fkey"
    FOREIGN KEY ("portfolioId") REFERENCES public."life_portfolios"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."life_transactions" ADD CONSTRAINT "life_transactions_investmentId_fkey"
    FOREIGN KEY ("investmentId") REFERENCES public."life_investments"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."life_statements" ADD CONSTRAINT "life_statements_accountId_fkey"
    FOREIGN KEY ("accountId") REFERENCES public."life_accounts"("id") ON DELETE CASCADE ON UPDATE CASCADE;
