CREATE TABLE public."nbf_portfolios" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "portfolioName" TEXT NOT NULL,
    "portfolioType" TEXT NOT NULL,
    "totalValue" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "nbf_portfolios_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "nbf_portfolios_userId_idx" ON public."nbf_portfolios"("userId");
CREATE INDEX "nbf_portfolios_portfolioType_idx" ON public."nbf_portfolios"("portfolioType");

CREATE TABLE public."nbf_investments" (
    "id" TEXT NOT NULL,
    "portfolioId" TEXT NOT NULL,
    "productName" TEXT NOT NULL,
    "productType" TEXT NOT NULL,
    "amount" DOUBLE PRECISION NOT NULL,
    "interestRate" DOUBLE PRECISION,
    "maturityDate" TIMESTAMP(3),
    "terms" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "nbf_investments_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "nbf_investments_portfolioId_idx" ON public."nbf_investments"("portfolioId");
CREATE INDEX "nbf_investments_productType_idx" ON public."nbf_investments"("productType");

CREATE TABLE public."nbf_transactions" (
    "id" TEXT NOT NULL,
    "investmentId" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "amount" DOUBLE PRECISION NOT NULL,
    "balance" DOUBLE PRECISION NOT NULL,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "reference" TEXT,
    "description" TEXT,
    "metadata" JSONB,
    "executedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "nbf_transactions_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "nbf_transactions_investmentId_idx" ON public."nbf_transactions"("investmentId");
CREATE INDEX "nbf_transactions_type_idx" ON public."nbf_transactions"("type");
CREATE INDEX "nbf_transactions_executedAt_idx" ON public."nbf_transactions"("executedAt");

CREATE TABLE public."nbf_accounts" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "accountNumber" TEXT NOT NULL,
    "accountType" TEXT NOT NULL,
    "balance" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "currency" TEXT NOT NULL DEFAULT 'PI',
    "status" TEXT NOT NULL DEFAULT 'ACTIVE',
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "nbf_accounts_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "nbf_accounts_accountNumber_key" ON public."nbf_accounts"("accountNumber");
CREATE INDEX "nbf_accounts_userId_idx" ON public."nbf_accounts"("userId");
CREATE INDEX "nbf_accounts_accountType_idx" ON public."nbf_accounts"("accountType");

CREATE TABLE public."nbf_statements" (
    "id" TEXT NOT NULL,
    "accountId" TEXT NOT NULL,
    "periodStart" TIMESTAMP(3) NOT NULL,
    "periodEnd" TIMESTAMP(3) NOT NULL,
    "openingBalance" DOUBLE PRECISION NOT NULL,
    "closingBalance" DOUBLE PRECISION NOT NULL,
    "statementUrl" TEXT,
    "metadata" JSONB,
    "generatedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "nbf_statements_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "nbf_statements_accountId_idx" ON public."nbf_statements"("accountId");
CREATE INDEX "nbf_statements_periodStart_idx" ON public."nbf_statements"("periodStart");

ALTER TABLE public."nbf_investments" ADD CONSTRAINT "nbf_investments_portfolioId_fkey"
    FOREIGN KEY ("portfolioId") REFERENCES public."nbf_portfolios"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."nbf_transactions" ADD CONSTRAINT "nbf_transactions_investmentId_fkey"
    FOREIGN KEY ("investmentId") REFERENCES public."nbf_investments"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."nbf_statements" ADD CONSTRAINT "nbf_statements_accountId_fkey"
    FOREIGN KEY ("accountId") REFERENCES public."nbf_accounts"("id") ON DELETE CASCADE ON UPDATE CASCADE;
