CREATE TABLE public."family_members" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "traits" TEXT[],
    "background" TEXT NOT NULL,
    "relationships" JSONB NOT NULL,
    "temperature" DOUBLE PRECISION NOT NULL DEFAULT 0.8,
    "avatar" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "family_members_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "family_members_name_key" ON public."family_members"("name");

CREATE TABLE public."conversations" (
    "id" TEXT NOT NULL,
    "memberId" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "context" JSONB,
    "startedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "conversations_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "conversations_memberId_idx" ON public."conversations"("memberId");
CREATE INDEX "conversations_userId_idx" ON public."conversations"("userId");
CREATE INDEX "conversations_updatedAt_idx" ON public."conversations"("updatedAt");

CREATE TABLE public."messages" (
    "id" TEXT NOT NULL,
    "conversationId" TEXT NOT NULL,
    "memberId" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "content" TEXT NOT NULL,
    "mood" TEXT NOT NULL DEFAULT 'neutral',
    "metadata" JSONB,
    "timestamp" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "messages_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "messages_conversationId_idx" ON public."messages"("conversationId");
CREATE INDEX "messages_userId_idx" ON public."messages"("userId");
CREATE INDEX "messages_timestamp_idx" ON public."messages"("timestamp");

CREATE TABLE public."family_interactions" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "memberName" TEXT NOT NULL,
    "interaction" TEXT NOT NULL,
    "sentiment" TEXT,
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "family_interactions_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "family_interactions_userId_idx" ON public."family_interactions"("userId");
CREATE INDEX "family_interactions_memberName_idx" ON public."family_interactions"("memberName");

ALTER TABLE public."conversations" ADD CONSTRAINT "conversations_memberId_fkey"
    FOREIGN KEY ("memberId") REFERENCES public."family_members"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."messages" ADD CONSTRAINT "messages_conversationId_fkey"
    FOREIGN KEY ("conversationId") REFERENCES public."conversations"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."messages" ADD CONSTRAINT "messages_memberId_fkey"
    FOREIGN KEY ("memberId") REFERENCES public."family_members"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
