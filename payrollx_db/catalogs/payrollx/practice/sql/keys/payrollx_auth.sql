ALTER TABLE public."users" ADD CONSTRAINT "users_pkey" PRIMARY KEY ("id");
ALTER TABLE public."refresh_tokens" ADD CONSTRAINT "refresh_tokens_pkey" PRIMARY KEY ("id");
ALTER TABLE public."audit_logs" ADD CONSTRAINT "audit_logs_pkey" PRIMARY KEY ("id");
CREATE UNIQUE INDEX "users_email_key" ON public."users"("email");
CREATE UNIQUE INDEX "refresh_tokens_token_key" ON public."refresh_tokens"("token");
ALTER TABLE public."refresh_tokens" ADD CONSTRAINT "refresh_tokens_userId_fkey"
    FOREIGN KEY ("userId") REFERENCES public."users"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE public."audit_logs" ADD CONSTRAINT "audit_logs_userId_fkey"
    FOREIGN KEY ("userId") REFERENCES public."users"("id") ON DELETE CASCADE ON UPDATE CASCADE;
