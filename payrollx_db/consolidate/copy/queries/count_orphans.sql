-- How many rows of a table point at another by a loose reference, and how many of them at nothing.
SELECT pg_catalog.count(*),
       (SELECT pg_catalog.count(*) FROM {child} AS c WHERE {complete} AND NOT EXISTS (SELECT FROM {parent} AS p WHERE {same}))
FROM {child} AS c
WHERE {complete}
