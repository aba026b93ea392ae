-- When a file of the data directory was last changed in any way (its owner, its place), and when it was last written.
SELECT extract(epoch FROM f.change)::float8, extract(epoch FROM f.modification)::float8
FROM pg_catalog.pg_stat_file({file}) AS f
