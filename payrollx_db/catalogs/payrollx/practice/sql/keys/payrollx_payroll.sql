ALTER TABLE public."employees" ADD CONSTRAINT "employees_pkey" PRIMARY KEY ("id");
ALTER TABLE public."payroll_runs" ADD CONSTRAINT "payroll_runs_pkey" PRIMARY KEY ("id");
ALTER TABLE public."payroll_items" ADD CONSTRAINT "payroll_items_pkey" PRIMARY KEY ("id");
ALTER TABLE public."payroll_items" ADD CONSTRAINT "payroll_items_payrollRunId_fkey"
    FOREIGN KEY ("payrollRunId") REFERENCES public."payroll_runs"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE public."payroll_items" ADD CONSTRAINT "payroll_items_employeeId_fkey"
    FOREIGN KEY ("employeeId") REFERENCES public."employees"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
