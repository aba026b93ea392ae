CREATE TYPE public."NotificationType" AS ENUM ('EMAIL', 'SMS', 'PUSH', 'IN_APP');

CREATE TYPE public."NotificationStatus" AS ENUM ('PENDING', 'SENT', 'FAILED', 'DELIVERED', 'READ');

CREATE TABLE public."notifications" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "type" public."NotificationType" NOT NULL DEFAULT 'EMAIL',
    "recipient" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "content" TEXT NOT NULL,
    "templateId" TEXT,
    "metadata" JSONB,
    "status" public."NotificationStatus" NOT NULL DEFAULT 'PENDING',
    "error" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    "sentAt" TIMESTAMP(3)
);
