-- What lies in these schemas that models can't say, named as Postgres names it: everything that is filed under the
-- schemas, and the triggers, rules and policies of their tables. Without what the audit makes for `marks`, and what
-- walls tenants off from each other, which every migration makes anew.
WITH spaces AS (
    SELECT oid, nspname FROM pg_catalog.pg_namespace WHERE nspname = ANY (%(schemas)s)
), relations AS (
    SELECT pg_class.*, nspname FROM pg_catalog.pg_class JOIN spaces ON spaces.oid = relnamespace
), filed AS (
    SELECT classid, objid FROM pg_catalog.pg_depend
    WHERE refclassid = 'pg_catalog.pg_namespace'::regclass AND refobjid IN (SELECT oid FROM spaces)
        AND classid <> 'pg_catalog.pg_default_acl'::regclass
        AND NOT EXISTS (SELECT FROM relations WHERE classid = 'pg_catalog.pg_class'::regclass AND relations.oid = objid
                        AND relkind IN ('r', 'p', 'S'))
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_type WHERE classid = 'pg_catalog.pg_type'::regclass
                        AND pg_type.oid = objid AND typtype = 'e')
    UNION ALL
    SELECT 'pg_catalog.pg_trigger'::regclass, oid FROM pg_catalog.pg_trigger
    WHERE tgrelid IN (SELECT oid FROM relations) AND NOT tgisinternal AND tgparentid = 0
        AND NOT (pg_catalog.starts_with(tgname, 'payrollx_limit_') OR pg_catalog.starts_with(tgname, 'payrollx_routes_'))
    UNION ALL
    SELECT 'pg_catalog.pg_rewrite'::regclass, oid FROM pg_catalog.pg_rewrite
    WHERE ev_class IN (SELECT oid FROM relations) AND rulename <> '_RETURN'
    UNION ALL
    SELECT 'pg_catalog.pg_policy'::regclass, oid FROM pg_catalog.pg_policy
    WHERE polrelid IN (SELECT oid FROM relations)
        AND polname <> 'payrollx_tenant'
)
SELECT object.type || ' ' || object.identity AS extra
FROM filed, pg_catalog.pg_identify_object(classid, objid, 0) AS object
WHERE NOT EXISTS (
    -- what an extension brought goes by the extension's own name
    SELECT FROM pg_catalog.pg_depend AS member
    WHERE (member.classid, member.objid) = (filed.classid, filed.objid) AND member.deptype = 'e'
)
UNION ALL
SELECT pg_catalog.format('row security on %%I.%%I', nspname, relname) FROM relations WHERE relrowsecurity
EXCEPT
SELECT pg_catalog.unnest(ARRAY[
    pg_catalog.format('function %%I.%%I()', log_schema, function),
    pg_catalog.format('trigger payrollx_audit on %%I.%%I', schema, name),
    pg_catalog.format('trigger payrollx_audit_truncate on %%I.%%I', schema, name)
])
FROM pg_catalog.jsonb_to_recordset(%(marks)s::jsonb) AS mark (schema text, name text, log_schema text, function text)
ORDER BY 1
