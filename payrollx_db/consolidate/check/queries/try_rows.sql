-- Tries expressions over rows and remembers the keys of the rows on which one fails: over some pages at once, and
-- where that fails over each of their rows by itself.
-- A row's tables are variables under their aliases, so that an expression reads here as it reads in a query.
#variable_conflict use_column
DECLARE
  payrollx_row record;
  payrollx_nulls int;
  payrollx_classes CONSTANT text[] := {classes};
  payrollx_page bigint;
  payrollx_from tid;
  payrollx_to tid;
  {variables}
BEGIN
  FOR payrollx_page IN SELECT {pages} LOOP
    payrollx_from := pg_catalog.format('(%s,0)', payrollx_page)::tid;
    payrollx_to := pg_catalog.format('(%s,0)', payrollx_page + {step})::tid;
    BEGIN
      PERFORM {counts} FROM {source} WHERE ({where}) AND {within};
      CONTINUE;
    EXCEPTION WHEN OTHERS THEN
      IF NOT pg_catalog.left(SQLSTATE, 2) = ANY (payrollx_classes) THEN
        RAISE;
      END IF;
    END;
    FOR payrollx_row IN SELECT {rows}, {key} AS payrollx_key FROM {source} WHERE ({where}) AND {within} LOOP
      {assignments}
      {attempts}
    END LOOP;
  END LOOP;
  PERFORM pg_catalog.set_config('payrollx_db.refused', pg_catalog.jsonb_build_array({answers})::text, true);
END
