CREATE TYPE public."LogLevel" AS ENUM ('DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL');

CREATE TABLE public."logs" (
    "id" TEXT NOT NULL,
    "level" public."LogLevel" NOT NULL,
    "message" TEXT NOT NULL,
    "service" TEXT NOT NULL,
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "logs_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "logs_level_idx" ON public."logs"("level");
CREATE INDEX "logs_service_idx" ON public."logs"("service");
CREATE INDEX "logs_createdAt_idx" ON public."logs"("createdAt");

CREATE TABLE public."constitutional_logs" (
    "id" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "userId" TEXT,
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "constitutional_logs_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "constitutional_logs_userId_idx" ON public."constitutional_logs"("userId");
CREATE INDEX "constitutional_logs_createdAt_idx" ON public."constitutional_logs"("createdAt");
