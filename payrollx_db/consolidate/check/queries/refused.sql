-- Finds the rows that make a query fail: it runs over a range of their numbers, and over halves of what fails.
-- What no row has caused (a name that isn't found, a full disk) is raised.
CREATE FUNCTION pg_temp.refused(probe text, first bigint, last bigint, most bigint)
RETURNS TABLE (number bigint, state text)
LANGUAGE plpgsql
AS $refused$
DECLARE
    lows bigint[] := ARRAY[first];
    highs bigint[] := ARRAY[last];
    depth integer := 1;
    low bigint;
    high bigint;
    refused bigint := 0;
BEGIN
    WHILE depth > 0 AND refused < most LOOP
        low := lows[depth];
        high := highs[depth];
        depth := depth - 1;
        BEGIN
            EXECUTE probe USING low, high;
        EXCEPTION WHEN OTHERS OR assert_failure THEN
            IF SQLSTATE ~ '^(42|3F|53|55|57|58)' THEN
                RAISE;
            ELSIF low >= high THEN
                refused := refused + 1;
                number := low;
                state := SQLSTATE;
                RETURN NEXT;
            ELSE
                lows[depth + 1] := (low + high) / 2 + 1;
                highs[depth + 1] := high;
                lows[depth + 2] := low;
                highs[depth + 2] := (low + high) / 2;
                depth := depth + 2;
            END IF;
        END;
    END LOOP;
END
$refused$
