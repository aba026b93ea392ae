CREATE TABLE public."fundx_portfolios" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "strategy" TEXT NOT NULL,
    "riskLevel" TEXT NOT NULL,
    "totalValue" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "fundx_portfolios_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "fundx_portfolios_userId_idx" ON public."fundx_portfolios"("userId");
CREATE INDEX "fundx_portfolios_strategy_idx" ON public."fundx_portfolios"("strategy");

CREATE TABLE public."fundx_investments" (
    "id" TEXT NOT NULL,
    "portfolioId" TEXT NOT NULL,
    "fundName" TEXT NOT NULL,
    "fundType" TEXT NOT NULL,
    "units" DOUBLE PRECISION NOT NULL,
    "navPrice" DOUBLE PRECISION NOT NULL,
    "totalValue" DOUBLE PRECISION NOT NULL,
    "performanceData" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "fundx_investments_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "fundx_investments_portfolioId_idx" ON public."fundx_investments"("portfolioId");
CREATE INDEX "fundx_investments_fundType_idx" ON public."fundx_investments"("fundType");

CREATE TABLE public."fundx_transactions" (
    "id" TEXT NOT NULL,
    "investmentId" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "units" DOUBLE PRECISION NOT NULL,
    "navPrice" DOUBLE PRECISION NOT NULL,
    "amount" DOUBLE PRECISION NOT NULL,
    "fees" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "description" TEXT,
    "metadata" JSONB,
    "executedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "fundx_transactions_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "fundx_transactions_investmentId_idx" ON public."fundx_transactions"("investmentId");
CREATE INDEX "fundx_transactions_type_idx" ON public."fundx_transactions"("type");
CREATE INDEX "fundx_transactions_executedAt_idx" ON public."fundx_transactions"("executedAt");

CREATE TABLE public."fundx_accounts" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "accountNumber" TEXT NOT NULL,
    "accountType" TEXT NOT NULL,
    "balance" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "fundx_accounts_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "fundx_accounts_accountNumber_key" ON public."fundx_accounts"("accountNumber");
CREATE INDEX "fundx_accounts_userId_idx" ON public."fundx_accounts"("userId");
CREATE INDEX "fundx_accounts_accountType_idx" ON public."fundx_accounts"("accountType");

CREATE TABLE public."fundx_statements" (
    "id" TEXT NOT NULL,
    "accountId" TEXT NOT NULL,
    "periodStart" TIMESTAMP(3) NOT NULL,
    "periodEnd" TIMESTAMP(3) NOT NULL,
    "openingBalance" DOUBLE PRECISION NOT NULL,
    "closingBalance" DOUBLE PRECISION NOT NULL,
    "totalGains" DOUBLE PRECISION,
    "totalLosses" DOUBLE PRECISION,
    "documentUrl" TEXT,
    "metadata" JSONB,
    "generatedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "fundx_statements_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "fundx_statements_accountId_idx" ON public."fundx_statements"("accountId");
CREATE INDEX "fundx_statements_periodStart_idx" ON public."fundx_statements"("periodStart");

ALTER TABLE public."fundx_investments" ADD CONSTRAINT "fundx_investments_portfolioId_fkey"
    FOREIGN KEY ("portfolioId") REFERENCES public."fundx_portfolios"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."fundx_transactions" ADD CONSTRAINT "fundx_transactions_investmentId_fkey"
    FOREIGN KEY ("investmentId") REFERENCES public."fundx_investments"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."fundx_statements" ADD CONSTRAINT "fundx_statements_accountId_fkey"
    FOREIGN KEY ("accountId") REFERENCES public."fundx_accounts"("id") ON DELETE CASCADE ON UPDATE CASCADE;
