ALTER TABLE public."compliance_reports" ADD CONSTRAINT "compliance_reports_pkey" PRIMARY KEY ("id");
ALTER TABLE public."audit_logs" ADD CONSTRAINT "audit_logs_pkey" PRIMARY KEY ("id");
