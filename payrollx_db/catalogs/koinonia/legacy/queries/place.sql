CASE
    WHEN {id} ~ '^[a-z0-9_]+$' AND pg_catalog.octet_length({id}) <= 56 THEN 'tenant_' || {id}
    ELSE pg_catalog.left('tenant_' || pg_catalog.btrim(
        pg_catalog.regexp_replace(pg_catalog.lower({id} COLLATE "C"), '[^a-z0-9]+', '_', 'g'), '_'
    ), 45) || '__' || pg_catalog.left(
        pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to({id}, 'UTF8')), 'hex'), 16
    )
END
