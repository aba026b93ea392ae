SELECT f.owner = {owner} AND ({held})
FROM payrollx_meta.flows AS f
WHERE (f.database, f.direction) = ({database}, {direction})
FOR UPDATE
