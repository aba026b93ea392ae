BEGIN
  payrollx_nulls := pg_catalog.num_nulls({expression});
EXCEPTION WHEN OTHERS THEN
  IF NOT pg_catalog.left(SQLSTATE, 2) = ANY (payrollx_classes) THEN
    RAISE;
  END IF;
  {count} := {count} + 1;
  IF {count} <= {most} AND payrollx_row.payrollx_key IS NOT NULL THEN
    {keys} := pg_catalog.array_append({keys}, payrollx_row.payrollx_key);
  END IF;
END;
