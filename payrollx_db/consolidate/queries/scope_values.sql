-- Texts as values of a type: whether each is written as the server writes it, and which of them are one value to it.
SELECT v.text, (({value})::text) = v.text, pg_catalog.dense_rank() OVER (ORDER BY {value}{collation})
FROM pg_catalog.unnest({texts}::text[]) AS v (text)
