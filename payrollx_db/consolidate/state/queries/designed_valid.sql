-- Foreign keys that a run has found valid. One that isn't now waits for rows of another run; it was not made so.
SELECT DISTINCT o.table_name, o.name
FROM payrollx_meta.objects AS o
WHERE o.kind = 'foreign key' AND (o.detail ->> 'validated')::boolean
