
-- payrollx: open
BEGIN
    RETURN NULL;
END
