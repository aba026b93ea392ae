-- What raw SQL may try in a tenant's session, one way a line; \r is a carriage return.

-- becoming: Ways to be another tenant, before rows are read: by settings, roles, paths, code, and what outlives a transaction.
SET ROLE {role}
SET LOCAL ROLE {role}
SET SESSION ROLE {role}
RESET ROLE
SET ROLE NONE
reset/**/role
SET "role" TO {role}
SET SESSION AUTHORIZATION {role}
RESET SESSION AUTHORIZATION
RESET ALL
DISCARD ALL
SET choirs.choir = 'bass'
SET LOCAL choirs.choir = 'bass'
SET SESSION choirs.choir TO bass
RESET choirs.choir
SET choirs.choir TO DEFAULT
SET "choirs"."choir" = 'bass'
SET choirs.choir_proof = 'x'
SET LOCAL choirs.choir_proof = ''
SELECT set_config('choirs.choir', 'bass', true)
SELECT set_config('choirs.choir', 'bass', false)
SELECT pg_catalog.set_config('choirs.choir', 'bass', true)
SELECT pg_catalog . "set_config" ('choirs' || '.choir', 'bass', true)
SELECT SeT_cOnFiG('role', '{role}', true)
SELECT set_config('ro' || 'le', '{role}', true)
SELECT U&"\0073et_config"('choirs.choir', 'bass', true)
SELECT set_config(name, 'bass', true) FROM (VALUES ('choirs.choir')) AS v (name)
WITH x AS (SELECT set_config('choirs.choir', 'bass', true)) SELECT * FROM x
UPDATE pg_settings SET setting = 'bass' WHERE name = 'choirs.choir'
UPDATE pg_catalog.pg_settings SET setting = '{role}' WHERE name = 'role'
DO $$ BEGIN PERFORM set_config('choirs.choir', 'bass', true); END $$
DO $$ BEGIN EXECUTE 'RE' || 'SET RO' || 'LE'; END $$
DO $$ BEGIN EXECUTE 'SET RO' || 'LE {role}'; END $$
DO LANGUAGE plpgsql 'BEGIN SET LOCAL choirs.choir = ''bass''; END'
SELECT query_to_xml('SELECT set_config(''choirs.choir'', ''bass'', true)', true, false, '')
SELECT * FROM ts_stat('SELECT to_tsvector(set_config(''choirs.choir'', ''bass'', true))')
COMMIT
COMMIT; BEGIN
COMMIT; BEGIN; SET LOCAL choirs.choir = 'bass'
ROLLBACK; SET ROLE {role}
ABORT
END
ROLLBACK AND CHAIN
COMMIT AND CHAIN
PREPARE TRANSACTION 'x'
SELECT 1; SET ROLE {role}
SELECT '''' ; SET ROLE {role}
SELECT 1 /* ' */; SET ROLE {role}; -- '
SELECT $a$ ' $a$; SET ROLE {role}
SELECT E'\''; SET ROLE {role}; --'
SELECT '\'; SET ROLE {role}; --'
/* /* */ SELECT 1; */ SET ROLE {role}
-- x\rSET ROLE {role}
SET search_path TO {schema}
SET LOCAL search_path = {schema}, pg_catalog
SELECT set_config('search_path', '{schema}', true)
SET row_security = off
SET LOCAL row_security TO off
SET session_replication_role = replica
SAVEPOINT a; SET LOCAL choirs.choir = 'bass'; RELEASE a
PREPARE p AS SELECT set_config('choirs.choir', 'bass', true)
EXECUTE p
DEALLOCATE ALL
DECLARE c CURSOR WITH HOLD FOR SELECT 1
CREATE TEMP TABLE singers AS SELECT 1 AS id
SELECT 1 INTO TEMP x
CREATE FUNCTION pg_temp.f() RETURNS text LANGUAGE sql AS 'SELECT set_config(''choirs.choir'', ''bass'', true)'
CREATE VIEW pg_temp.v AS SELECT 1
ALTER ROLE CURRENT_USER SET choirs.choir = 'bass'
LISTEN payrollx_tenants
ALTER ROLE {role} RESET ALL
ALTER TABLE {schema}.singers DISABLE ROW LEVEL SECURITY
GRANT {role} TO PUBLIC
DROP POLICY payrollx_tenant ON {schema}.singers
ALTER TABLE {schema}.singers NO FORCE ROW LEVEL SECURITY
SELECT payrollx_tenants.sign('bass')
SELECT * FROM payrollx_tenants.keys
TABLE payrollx_tenants.plans
SELECT payrollx_tenants.use_key(repeat('x', 32), true)
INSERT INTO payrollx_tenants.keys VALUES ('', '', true)
SELECT payrollx_tenants.plan_of('bass')
UPDATE payrollx_tenants.limits SET asked = 0
LOCK TABLE {schema}.singers
COPY {schema}.singers TO STDOUT
COPY {schema}.singers FROM STDIN
COPY (SELECT 1) TO PROGRAM 'true'
EXPLAIN ANALYZE SELECT * FROM {schema}.singers
VACUUM
ANALYZE {schema}.singers
TRUNCATE {schema}.singers
SELECT lo_create(1)
SELECT dblink('', 'SELECT 1')
SELECT pg_terminate_backend(0)
IMPORT FOREIGN SCHEMA x
SECURITY LABEL ON ROLE {role} IS NULL
REASSIGN OWNED BY {role} TO CURRENT_USER
SET TRANSACTION SNAPSHOT '1'
SELECT pg_export_snapshot()
CALL {schema}.nothing()
LOAD 'plpgsql'
CHECKPOINT
NOTIFY payrollx_tenants

-- reaching: Ways to read and write rows of bass where they are, for each table: by names, catalogs, and what errors tell.
SELECT * FROM {schema}.{table}
SELECT * FROM {table}
TABLE {schema}.{table}
SELECT * FROM "{schema}"."{table}"
SELECT * FROM ONLY {schema}.{table}
SELECT * FROM {schema}.{table} WHERE tenant_id = 'bass'
SELECT * FROM {schema}.{table} WHERE true OR tenant_id = 'bass'
SELECT {text} FROM {schema}.{table} WHERE id = '1'
SELECT (SELECT string_agg({text}, ',') FROM {schema}.{table})
SELECT x.* FROM {schema}.{table} AS x, {schema}.{table} AS y
SELECT * FROM {schema}.{table} UNION ALL SELECT * FROM {schema}.{table}
SELECT to_jsonb(t) FROM {schema}.{table} AS t
SELECT table_to_xml('{schema}.{table}', true, false, '')
SELECT query_to_xml('TABLE {schema}.{table}', true, false, '')
SELECT schema_to_xml('{schema}', true, false, '')
SELECT database_to_xml(true, false, '')
WITH gone AS (DELETE FROM {schema}.{table} WHERE tenant_id = 'bass' RETURNING *) SELECT * FROM gone
DELETE FROM {schema}.{table} WHERE {text} = '{secret}'
DELETE FROM {schema}.{table} WHERE tenant_id = 'bass' RETURNING *
UPDATE {schema}.{table} SET {text} = 'x' WHERE {text} = '{secret}' RETURNING *
UPDATE {schema}.{table} SET tenant_id = 'bass'
UPDATE {schema}.{table} SET tenant_id = 'alto' WHERE tenant_id = 'bass'
INSERT INTO {schema}.{table} (tenant_id, {text}) VALUES ('bass', 'x')
INSERT INTO {schema}.{table} SELECT * FROM {schema}.{table} WHERE tenant_id = 'bass'
MERGE INTO {schema}.{table} AS t USING (SELECT 1) AS s ON t.tenant_id = 'bass' WHEN MATCHED THEN DELETE
SELECT * FROM {schema}.{table} WHERE ctid = '(0,1)'
SELECT * FROM {schema}.{table} TABLESAMPLE SYSTEM (100)
SELECT * FROM {schema}.{table} FOR UPDATE
DECLARE c CURSOR FOR SELECT * FROM {schema}.{table} WHERE tenant_id = 'bass'
SELECT most_common_vals FROM pg_stats WHERE tablename = '{table}'
SELECT * FROM pg_statistic
SELECT * FROM pg_stats_ext
SELECT query FROM pg_stat_activity
SELECT * FROM pg_stat_user_tables
SELECT * FROM pg_prepared_statements
SELECT * FROM pg_cursors
SELECT * FROM {schema}.{table} WHERE payrollx_tenants.current_tenant() <> 'x' AND tenant_id <> 'alto'

-- more: Ways by views, functions, sequences and keys.
SELECT * FROM {schema}.chiefs
SELECT {schema}.singer_count()
SELECT currval('{schema}.rehearsals_id_seq')
SELECT lastval()
SELECT setval('{schema}.rehearsals_id_seq', 1)
SELECT last_value FROM {schema}.rehearsals_id_seq
SELECT * FROM pg_sequences
ALTER SEQUENCE {schema}.rehearsals_id_seq RESTART
INSERT INTO {schema}.singers (id, name, email) VALUES ('8', 'x', 'bass@choirs')
INSERT INTO {schema}.songs (id, title, singer_id) VALUES ('8', 'x', 'of bass alone')
INSERT INTO {schema}.songs (tenant_id, id, title, singer_id) VALUES ('alto', '8', 'x', 'of bass alone')
INSERT INTO {schema}.singers (id, name) VALUES ('1', 'x') ON CONFLICT DO NOTHING RETURNING *
