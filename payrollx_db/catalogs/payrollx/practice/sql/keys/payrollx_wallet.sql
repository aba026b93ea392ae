ALTER TABLE public."employees" ADD CONSTRAINT "employees_pkey" PRIMARY KEY ("id");
ALTER TABLE public."wallets" ADD CONSTRAINT "wallets_pkey" PRIMARY KEY ("id");
ALTER TABLE public."wallets" ADD CONSTRAINT "wallets_employeeId_fkey"
    FOREIGN KEY ("employeeId") REFERENCES public."employees"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
