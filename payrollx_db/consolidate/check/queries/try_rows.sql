-- Tries expressions over rows, each by itself, and remembers the keys of the rows on which one fails.
-- A row's tables are variables under their aliases, so that an expression reads here as it reads in a query.
#variable_conflict use_column
DECLARE
  payrollx_row record;
  payrollx_nulls int;
  payrollx_classes CONSTANT text[] := {classes};
  {variables}
BEGIN
  FOR payrollx_row IN SELECT {rows}, {key} AS payrollx_key FROM {source} WHERE {where} LOOP
    {assignments}
    {attempts}
  END LOOP;
  PERFORM pg_catalog.set_config('payrollx_db.refused', pg_catalog.jsonb_build_array({answers})::text, true);
END
