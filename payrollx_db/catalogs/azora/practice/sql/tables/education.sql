CREATE TABLE public."students" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "firstName" TEXT NOT NULL,
    "lastName" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "dateOfBirth" TIMESTAMP(3),
    "grade" TEXT,
    "country" TEXT NOT NULL DEFAULT 'ZA',
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "students_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "students_userId_key" ON public."students"("userId");
CREATE UNIQUE INDEX "students_email_key" ON public."students"("email");
CREATE INDEX "students_userId_idx" ON public."students"("userId");
CREATE INDEX "students_email_idx" ON public."students"("email");

CREATE TABLE public."courses" (
    "id" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "instructorId" TEXT NOT NULL,
    "price" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "currency" TEXT NOT NULL DEFAULT 'AZR',
    "duration" INTEGER NOT NULL,
    "level" TEXT NOT NULL,
    "category" TEXT NOT NULL,
    "published" BOOLEAN NOT NULL DEFAULT false,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "courses_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "courses_category_idx" ON public."courses"("category");
CREATE INDEX "courses_published_idx" ON public."courses"("published");

CREATE TABLE public."modules" (
    "id" TEXT NOT NULL,
    "courseId" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "description" TEXT,
    "order" INTEGER NOT NULL,
    "content" JSONB NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "modules_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "modules_courseId_idx" ON public."modules"("courseId");

CREATE TABLE public."enrollments" (
    "id" TEXT NOT NULL,
    "studentId" TEXT NOT NULL,
    "courseId" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'active',
    "progress" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "enrolledAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "completedAt" TIMESTAMP(3),
    CONSTRAINT "enrollments_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "enrollments_studentId_courseId_key" ON public."enrollments"("studentId", "courseId");
CREATE INDEX "enrollments_studentId_idx" ON public."enrollments"("studentId");
CREATE INDEX "enrollments_courseId_idx" ON public."enrollments"("courseId");

CREATE TABLE public."learning_progress" (
    "id" TEXT NOT NULL,
    "studentId" TEXT NOT NULL,
    "moduleId" TEXT NOT NULL,
    "completed" BOOLEAN NOT NULL DEFAULT false,
    "timeSpent" INTEGER NOT NULL DEFAULT 0,
    "score" DOUBLE PRECISION,
    "startedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "completedAt" TIMESTAMP(3),
    CONSTRAINT "learning_progress_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "learning_progress_studentId_moduleId_key" ON public."learning_progress"("studentId", "moduleId");
CREATE INDEX "learning_progress_studentId_idx" ON public."learning_progress"("studentId");

CREATE TABLE public."assessment_submissions" (
    "id" TEXT NOT NULL,
    "studentId" TEXT NOT NULL,
    "assessmentId" TEXT NOT NULL,
    "answers" JSONB NOT NULL,
    "score" DOUBLE PRECISION NOT NULL,
    "passed" BOOLEAN NOT NULL,
    "feedback" TEXT,
    "submittedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "assessment_submissions_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "assessment_submissions_studentId_idx" ON public."assessment_submissions"("studentId");
CREATE INDEX "assessment_submissions_assessmentId_idx" ON public."assessment_submissions"("assessmentId");

CREATE TABLE public."wallets" (
    "id" TEXT NOT NULL,
    "studentId" TEXT NOT NULL,
    "balance" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "currency" TEXT NOT NULL DEFAULT 'AZR',
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "wallets_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "wallets_studentId_key" ON public."wallets"("studentId");

CREATE TABLE public."transactions" (
    "id" TEXT NOT NULL,
    "walletId" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "amount" DOUBLE PRECISION NOT NULL,
    "currency" TEXT NOT NULL DEFAULT 'AZR',
    "description" TEXT NOT NULL,
    "reference" TEXT,
    "status" TEXT NOT NULL DEFAULT 'completed',
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "transactions_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "transactions_walletId_idx" ON public."transactions"("walletId");
CREATE INDEX "transactions_type_idx" ON public."transactions"("type");

ALTER TABLE public."modules" ADD CONSTRAINT "modules_courseId_fkey"
    FOREIGN KEY ("courseId") REFERENCES public."courses"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."enrollments" ADD CONSTRAINT "enrollments_studentId_fkey"
    FOREIGN KEY ("studentId") REFERENCES public."students"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."enrollments" ADD CONSTRAINT "enrollments_courseId_fkey"
    FOREIGN KEY ("courseId") REFERENCES public."courses"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."learning_progress" ADD CONSTRAINT "learning_progress_studentId_fkey"
    FOREIGN KEY ("studentId") REFERENCES public."students"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."learning_progress" ADD CONSTRAINT "learning_progress_moduleId_fkey"
    FOREIGN KEY ("moduleId") REFERENCES public."modules"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."assessment_submissions" ADD CONSTRAINT "assessment_submissions_studentId_fkey"
    FOREIGN KEY ("studentId") REFERENCES public."students"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."wallets" ADD CONSTRAINT "wallets_studentId_fkey"
    FOREIGN KEY ("studentId") REFERENCES public."students"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."transactions" ADD CONSTRAINT "transactions_walletId_fkey"
    FOREIGN KEY ("walletId") REFERENCES public."wallets"("id") ON DELETE CASCADE ON UPDATE CASCADE;
