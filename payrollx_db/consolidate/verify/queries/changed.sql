-- How many rows a source table has, and how many of them were written after a part's snapshot was taken.
-- xmin has 32 bits: its epoch is that of the next transaction, or the one before. That is right for every row of the
-- last 2^31 transactions, and older ones are frozen: theirs may be taken for younger by a multiple of 2^32, which
-- matters only where that falls between the snapshot and now. Below 3 are the server's own. A row written under a
-- savepoint of a transaction that was open at the snapshot may pass for seen, as snapshots name top levels only.
SELECT pg_catalog.count(*),
       pg_catalog.count(*) FILTER (
         WHERE s.xmin::text::bigint >= 3
           AND NOT pg_catalog.pg_visible_in_snapshot(
                 greatest(n.next - ((n.next - s.xmin::text::bigint) & 4294967295), 3)::text::xid8, {snapshot}::pg_snapshot))
FROM {source}
CROSS JOIN (SELECT pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::bigint AS next) AS n
