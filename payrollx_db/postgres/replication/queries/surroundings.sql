-- What the log doesn't tell: a change of the publication itself (each leaves a row of another transaction behind), and
-- what becomes of single partitions (one that was attached anew, or has a new file: emptied or rewritten).
SELECT (SELECT pg_catalog.concat_ws(' ', p.oid, p.xmin,
                                    pg_catalog.string_agg(pg_catalog.concat_ws('/', r.prrelid, r.xmin), ' ' ORDER BY r.prrelid))
        FROM pg_catalog.pg_publication AS p
        LEFT JOIN pg_catalog.pg_publication_rel AS r ON r.prpubid = p.oid
        WHERE p.pubname = {name}
        GROUP BY p.oid, p.xmin),
       (SELECT pg_catalog.jsonb_object_agg(roots.oid, roots.files)
        FROM (SELECT r.prrelid AS oid, pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.string_agg(
                         pg_catalog.concat_ws('/', t.relid::oid, c.relfilenode, i.xmin), ' ' ORDER BY t.relid::oid), 'UTF8')), 'hex') AS files
              FROM pg_catalog.pg_publication AS p
              JOIN pg_catalog.pg_publication_rel AS r ON r.prpubid = p.oid
              JOIN pg_catalog.pg_class AS root ON root.oid = r.prrelid AND root.relkind = 'p'
              CROSS JOIN LATERAL pg_catalog.pg_partition_tree(r.prrelid) AS t
              JOIN pg_catalog.pg_class AS c ON c.oid = t.relid
              LEFT JOIN pg_catalog.pg_inherits AS i ON i.inhrelid = t.relid AND i.inhparent = t.parentrelid
              WHERE p.pubname = {name}
              GROUP BY r.prrelid) AS roots)
