CREATE TABLE public."Wallet" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "balance" DECIMAL(18,8) NOT NULL DEFAULT 0,
    "staked" DECIMAL(18,8) NOT NULL DEFAULT 0,
    "earned" DECIMAL(18,8) NOT NULL DEFAULT 0,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "Wallet_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "Wallet_userId_key" ON public."Wallet"("userId");
CREATE UNIQUE INDEX "Wallet_address_key" ON public."Wallet"("address");
CREATE INDEX "Wallet_userId_idx" ON public."Wallet"("userId");
CREATE INDEX "Wallet_address_idx" ON public."Wallet"("address");

CREATE TABLE public."Transaction" (
    "id" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "fromId" TEXT,
    "toId" TEXT,
    "amount" DECIMAL(18,8) NOT NULL,
    "reason" TEXT,
    "status" TEXT NOT NULL DEFAULT 'completed',
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "Transaction_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "Transaction_type_idx" ON public."Transaction"("type");
CREATE INDEX "Transaction_fromId_idx" ON public."Transaction"("fromId");
CREATE INDEX "Transaction_toId_idx" ON public."Transaction"("toId");
CREATE INDEX "Transaction_createdAt_idx" ON public."Transaction"("createdAt");

CREATE TABLE public."Stake" (
    "id" TEXT NOT NULL,
    "walletId" TEXT NOT NULL,
    "amount" DECIMAL(18,8) NOT NULL,
    "startDate" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "endDate" TIMESTAMP(3),
    "rewardRate" DECIMAL(5,4) NOT NULL DEFAULT 0.05,
    "status" TEXT NOT NULL DEFAULT 'active',
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "Stake_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "Stake_walletId_idx" ON public."Stake"("walletId");
CREATE INDEX "Stake_status_idx" ON public."Stake"("status");

CREATE TABLE public."MiningRecord" (
    "id" TEXT NOT NULL,
    "walletId" TEXT NOT NULL,
    "activityId" TEXT NOT NULL,
    "activityType" TEXT NOT NULL,
    "tokensEarned" DECIMAL(18,8) NOT NULL,
    "difficulty" INTEGER NOT NULL DEFAULT 1,
    "metadata" JSONB,
    "minedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "MiningRecord_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "MiningRecord_walletId_idx" ON public."MiningRecord"("walletId");
CREATE INDEX "MiningRecord_activityType_idx" ON public."MiningRecord"("activityType");
CREATE INDEX "MiningRecord_minedAt_idx" ON public."MiningRecord"("minedAt");

CREATE TABLE public."EconomicMetrics" (
    "id" TEXT NOT NULL,
    "totalSupply" DECIMAL(18,8) NOT NULL,
    "circulatingSupply" DECIMAL(18,8) NOT NULL,
    "totalStaked" DECIMAL(18,8) NOT NULL,
    "totalMinted" DECIMAL(18,8) NOT NULL,
    "activeWallets" INTEGER NOT NULL,
    "dailyVolume" DECIMAL(18,8) NOT NULL,
    "recordedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "EconomicMetrics_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "EconomicMetrics_recordedAt_idx" ON public."EconomicMetrics"("recordedAt");

ALTER TABLE public."Transaction" ADD CONSTRAINT "Transaction_fromId_fkey"
    FOREIGN KEY ("fromId") REFERENCES public."Wallet"("id") ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE public."Transaction" ADD CONSTRAINT "Transaction_toId_fkey"
    FOREIGN KEY ("toId") REFERENCES public."Wallet"("id") ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE public."Stake" ADD CONSTRAINT "Stake_walletId_fkey"
    FOREIGN KEY ("walletId") REFERENCES public."Wallet"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE public."MiningRecord" ADD CONSTRAINT "MiningRecord_walletId_fkey"
    FOREIGN KEY ("walletId") REFERENCES public."Wallet"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What is left of a schema that was given up: nobody dropped it.
CREATE TABLE public."subscription" ("id" TEXT NOT NULL PRIMARY KEY, "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP);
INSERT INTO public."subscription" ("id") VALUES ('left behind');
CREATE TABLE public."invoice" ("id" TEXT NOT NULL PRIMARY KEY, "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP);
INSERT INTO public."invoice" ("id") VALUES ('left behind');
CREATE TABLE public."audit_log" ("id" TEXT NOT NULL PRIMARY KEY, "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP);
INSERT INTO public."audit_log" ("id") VALUES ('left behind');
CREATE TABLE public."users" ("id" TEXT NOT NULL PRIMARY KEY, "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP);
INSERT INTO public."users" ("id") VALUES ('left behind');
CREATE TABLE public."user_balances" ("id" TEXT NOT NULL PRIMARY KEY, "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP);
INSERT INTO public."user_balances" ("id") VALUES ('left behind');
CREATE TABLE public."knowledge_rewards" ("id" TEXT NOT NULL PRIMARY KEY, "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP);
INSERT INTO public."knowledge_rewards" ("id") VALUES ('left behind');
