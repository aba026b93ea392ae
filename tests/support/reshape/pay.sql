CREATE TYPE "WalletKind" AS ENUM ('HOT', 'COLD');
CREATE TABLE "User" (id text PRIMARY KEY, email text NOT NULL);
CREATE TABLE "Wallet" (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  "userId" text NOT NULL,
  balance numeric(65,30) NOT NULL DEFAULT 0,
  kind "WalletKind" NOT NULL,
  "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE "Payment" (
  id serial PRIMARY KEY,
  "walletId" uuid NOT NULL REFERENCES "Wallet" (id),
  "payerId" text REFERENCES "User" (id) ON DELETE SET NULL,
  "sessionId" text,
  "approvedBy" uuid,
  amount numeric(65,30) NOT NULL CONSTRAINT "Payment_amount_positive" CHECK (amount > 0),
  "paidAt" timestamp(3),
  "paidOn" date GENERATED ALWAYS AS ("paidAt"::date) STORED
);
CREATE TABLE "Event" (id bigint, "occurredAt" timestamp(3) NOT NULL, "payloadData" text, PRIMARY KEY (id, "occurredAt"))
  PARTITION BY RANGE ("occurredAt");
CREATE TABLE "Event_2024" PARTITION OF "Event" FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
