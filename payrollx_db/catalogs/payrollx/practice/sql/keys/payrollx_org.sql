ALTER TABLE public."organizations" ADD CONSTRAINT "organizations_pkey" PRIMARY KEY ("id");
ALTER TABLE public."employees" ADD CONSTRAINT "employees_pkey" PRIMARY KEY ("id");
CREATE UNIQUE INDEX "organizations_name_key" ON public."organizations"("name");
ALTER TABLE public."employees" ADD CONSTRAINT "employees_organizationId_fkey"
    FOREIGN KEY ("organizationId") REFERENCES public."organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
