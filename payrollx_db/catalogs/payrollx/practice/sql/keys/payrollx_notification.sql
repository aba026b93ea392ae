ALTER TABLE public."notifications" ADD CONSTRAINT "notifications_pkey" PRIMARY KEY ("id");
