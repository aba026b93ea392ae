
-- payrollx: closed
BEGIN
    IF COALESCE(pg_catalog.current_setting('payrollx.flow', true), '') OPERATOR(pg_catalog.=) 'on' THEN
        RETURN NULL; -- rows that follow the other side
    END IF;
    RAISE EXCEPTION USING ERRCODE = '25006', MESSAGE = {message}, HINT = {hint};
END
