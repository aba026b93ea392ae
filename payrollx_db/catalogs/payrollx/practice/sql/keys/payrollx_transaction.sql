ALTER TABLE public."employees" ADD CONSTRAINT "employees_pkey" PRIMARY KEY ("id");
ALTER TABLE public."payroll_runs" ADD CONSTRAINT "payroll_runs_pkey" PRIMARY KEY ("id");
ALTER TABLE public."transactions" ADD CONSTRAINT "transactions_pkey" PRIMARY KEY ("id");
