-- Makes a policy that bars rows as it should be; one that is as it should be costs no lock.
CREATE OR REPLACE FUNCTION payrollx_tenants.make_policy(relation oid, policy text, guest text, condition text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
    IF EXISTS (
        SELECT FROM pg_policy
        WHERE polrelid = relation AND polname = policy AND NOT polpermissive AND polcmd = '*'
            AND polroles = ARRAY[quote_ident(guest)::regrole::oid]
            AND pg_get_expr(polqual, polrelid) = condition AND pg_get_expr(polwithcheck, polrelid) = condition
    ) THEN
        RETURN;
    END IF;
    EXECUTE format('DROP POLICY IF EXISTS %I ON %s', policy, relation::regclass);
    EXECUTE format('CREATE POLICY %I ON %s AS RESTRICTIVE FOR ALL TO %I USING (%s) WITH CHECK (%s)',
        policy, relation::regclass, guest, condition, condition);
END
$body$
