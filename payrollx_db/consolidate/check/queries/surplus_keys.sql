-- The keys of those rows: of each value all but the newest.
SELECT k
FROM (
    SELECT k, pg_catalog.row_number() OVER (PARTITION BY {names} ORDER BY age DESC NULLS LAST, k) AS nth
    FROM (SELECT {key} AS k, {age} AS age, {converted} FROM {source} WHERE {kept}) AS v
    WHERE {some}
) AS ranked
WHERE nth > 1
ORDER BY k
