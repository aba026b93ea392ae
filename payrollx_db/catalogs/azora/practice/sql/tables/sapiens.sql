CREATE TABLE public."tutoring_sessions" (
    "id" TEXT NOT NULL,
    "studentId" TEXT NOT NULL,
    "courseId" TEXT,
    "topic" TEXT NOT NULL,
    "duration" INTEGER NOT NULL DEFAULT 0,
    "status" TEXT NOT NULL DEFAULT 'active',
    "startedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "endedAt" TIMESTAMP(3),
    CONSTRAINT "tutoring_sessions_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "tutoring_sessions_studentId_idx" ON public."tutoring_sessions"("studentId");

CREATE TABLE public."messages" (
    "id" TEXT NOT NULL,
    "sessionId" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "content" TEXT NOT NULL,
    "timestamp" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "messages_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "messages_sessionId_idx" ON public."messages"("sessionId");

CREATE TABLE public."learning_insights" (
    "id" TEXT NOT NULL,
    "sessionId" TEXT NOT NULL,
    "studentId" TEXT NOT NULL,
    "insightType" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "confidence" DOUBLE PRECISION NOT NULL DEFAULT 0.5,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "learning_insights_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "learning_insights_sessionId_idx" ON public."learning_insights"("sessionId");
CREATE INDEX "learning_insights_studentId_idx" ON public."learning_insights"("studentId");

CREATE TABLE public."learning_paths" (
    "id" TEXT NOT NULL,
    "studentId" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "description" TEXT,
    "currentLevel" TEXT NOT NULL,
    "targetLevel" TEXT NOT NULL,
    "difficulty" TEXT NOT NULL DEFAULT 'beginner',
    "estimatedHours" INTEGER NOT NULL,
    "totalSteps" INTEGER NOT NULL DEFAULT 0,
    "completedSteps" INTEGER NOT NULL DEFAULT 0,
    "status" TEXT NOT NULL DEFAULT 'active',
    "milestones" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "learning_paths_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "learning_paths_studentId_idx" ON public."learning_paths"("studentId");
CREATE INDEX "learning_paths_subject_idx" ON public."learning_paths"("subject");

CREATE TABLE public."path_steps" (
    "id" TEXT NOT NULL,
    "pathId" TEXT NOT NULL,
    "order" INTEGER NOT NULL,
    "title" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "estimatedHours" DOUBLE PRECISION NOT NULL,
    "resources" JSONB NOT NULL,
    "assessmentCriteria" JSONB NOT NULL,
    "completed" BOOLEAN NOT NULL DEFAULT false,
    "completedAt" TIMESTAMP(3),
    CONSTRAINT "path_steps_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "path_steps_pathId_idx" ON public."path_steps"("pathId");
CREATE INDEX "path_steps_order_idx" ON public."path_steps"("order");

CREATE TABLE public."questions" (
    "id" TEXT NOT NULL,
    "studentId" TEXT NOT NULL,
    "question" TEXT NOT NULL,
    "answer" TEXT,
    "topic" TEXT,
    "difficulty" TEXT,
    "askedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "answeredAt" TIMESTAMP(3),
    CONSTRAINT "questions_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "questions_studentId_idx" ON public."questions"("studentId");
CREATE INDEX "questions_topic_idx" ON public."questions"("topic");

CREATE TABLE public."assessments" (
    "id" TEXT NOT NULL,
    "studentId" TEXT NOT NULL,
    "pathId" TEXT,
    "type" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "questions" JSONB NOT NULL,
    "answers" JSONB,
    "score" DOUBLE PRECISION,
    "maxScore" DOUBLE PRECISION NOT NULL,
    "passed" BOOLEAN NOT NULL DEFAULT false,
    "difficulty" TEXT NOT NULL,
    "timeSpent" INTEGER,
    "startedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "completedAt" TIMESTAMP(3),
    CONSTRAINT "assessments_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "assessments_studentId_idx" ON public."assessments"("studentId");
CREATE INDEX "assessments_subject_idx" ON public."assessments"("subject");

CREATE TABLE public."progress" (
    "id" TEXT NOT NULL,
    "studentId" TEXT NOT NULL,
    "pathId" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "currentStep" INTEGER NOT NULL DEFAULT 0,
    "totalSteps" INTEGER NOT NULL,
    "completionRate" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "timeSpent" INTEGER NOT NULL DEFAULT 0,
    "lastActivity" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "progress_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "progress_studentId_pathId_key" ON public."progress"("studentId", "pathId");
CREATE INDEX "progress_studentId_idx" ON public."progress"("studentId");

CREATE TABLE public."student_profiles" (
    "id" TEXT NOT NULL,
    "studentId" TEXT NOT NULL,
    "learningStyle" TEXT,
    "strengths" TEXT[],
    "weaknesses" TEXT[],
    "interests" TEXT[],
    "goals" JSONB,
    "metadata" JSONB,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "student_profiles_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "student_profiles_studentId_key" ON public."student_profiles"("studentId");

ALTER TABLE public."messages" ADD CONSTRAINT "messages_sessionId_fkey"
    FOREIGN KEY ("sessionId") REFERENCES public."tutoring_sessions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE public."learning_insights" ADD CONSTRAINT "learning_insights_sessionId_fkey"
    FOREIGN KEY ("sessionId") REFERENCES public."tutoring_sessions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE public."path_steps" ADD CONSTRAINT "path_steps_pathId_fkey"
    FOREIGN KEY ("pathId") REFERENCES public."learning_paths"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."progress" ADD CONSTRAINT "progress_pathId_fkey"
    FOREIGN KEY ("pathId") REFERENCES public."learning_paths"("id") ON DELETE CASCADE ON UPDATE CASCADE;
