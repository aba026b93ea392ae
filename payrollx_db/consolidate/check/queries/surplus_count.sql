-- How many rows there are beyond one of each value that several share once it is converted.
SELECT coalesce(pg_catalog.sum(n - 1), 0)::bigint
FROM (
    SELECT pg_catalog.count(*) AS n
    FROM (SELECT {converted} FROM {source} WHERE {kept}) AS v
    WHERE {some}
    GROUP BY {names}
    HAVING pg_catalog.count(*) > 1
) AS groups
