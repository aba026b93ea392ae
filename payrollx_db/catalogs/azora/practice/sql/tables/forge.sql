CREATE TABLE public."Job" (
    "id" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "employerId" TEXT NOT NULL,
    "budget" DECIMAL(18,8) NOT NULL,
    "currency" TEXT NOT NULL DEFAULT 'AZR',
    "status" TEXT NOT NULL DEFAULT 'open',
    "skills" TEXT[],
    "category" TEXT NOT NULL,
    "deadline" TIMESTAMP(3),
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "Job_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "Job_employerId_idx" ON public."Job"("employerId");
CREATE INDEX "Job_status_idx" ON public."Job"("status");
CREATE INDEX "Job_category_idx" ON public."Job"("category");

CREATE TABLE public."Application" (
    "id" TEXT NOT NULL,
    "jobId" TEXT NOT NULL,
    "freelancerId" TEXT NOT NULL,
    "proposal" TEXT NOT NULL,
    "bidAmount" DECIMAL(18,8) NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "Application_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "Application_jobId_idx" ON public."Application"("jobId");
CREATE INDEX "Application_freelancerId_idx" ON public."Application"("freelancerId");
CREATE INDEX "Application_status_idx" ON public."Application"("status");

CREATE TABLE public."Contract" (
    "id" TEXT NOT NULL,
    "jobId" TEXT NOT NULL,
    "freelancerId" TEXT NOT NULL,
    "employerId" TEXT NOT NULL,
    "amount" DECIMAL(18,8) NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'active',
    "startDate" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "endDate" TIMESTAMP(3),
    "escrowId" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "Contract_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "Contract_jobId_idx" ON public."Contract"("jobId");
CREATE INDEX "Contract_freelancerId_idx" ON public."Contract"("freelancerId");
CREATE INDEX "Contract_employerId_idx" ON public."Contract"("employerId");
CREATE INDEX "Contract_status_idx" ON public."Contract"("status");

CREATE TABLE public."Milestone" (
    "id" TEXT NOT NULL,
    "contractId" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "amount" DECIMAL(18,8) NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "dueDate" TIMESTAMP(3),
    "completedAt" TIMESTAMP(3),
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "Milestone_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "Milestone_contractId_idx" ON public."Milestone"("contractId");
CREATE INDEX "Milestone_status_idx" ON public."Milestone"("status");

CREATE TABLE public."Dispute" (
    "id" TEXT NOT NULL,
    "contractId" TEXT NOT NULL,
    "raisedBy" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'open',
    "resolution" TEXT,
    "resolvedAt" TIMESTAMP(3),
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "Dispute_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "Dispute_contractId_idx" ON public."Dispute"("contractId");
CREATE INDEX "Dispute_status_idx" ON public."Dispute"("status");

CREATE TABLE public."SkillProfile" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "skills" TEXT[],
    "rating" DECIMAL(3,2) NOT NULL DEFAULT 0,
    "jobsCompleted" INTEGER NOT NULL DEFAULT 0,
    "totalEarned" DECIMAL(18,8) NOT NULL DEFAULT 0,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "SkillProfile_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "SkillProfile_userId_key" ON public."SkillProfile"("userId");
CREATE INDEX "SkillProfile_userId_idx" ON public."SkillProfile"("userId");

ALTER TABLE public."Application" ADD CONSTRAINT "Application_jobId_fkey"
    FOREIGN KEY ("jobId") REFERENCES public."Job"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE public."Contract" ADD CONSTRAINT "Contract_jobId_fkey"
    FOREIGN KEY ("jobId") REFERENCES public."Job"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE public."Milestone" ADD CONSTRAINT "Milestone_contractId_fkey"
    FOREIGN KEY ("contractId") REFERENCES public."Contract"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE public."Dispute" ADD CONSTRAINT "Dispute_contractId_fkey"
    FOREIGN KEY ("contractId") REFERENCES public."Contract"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
