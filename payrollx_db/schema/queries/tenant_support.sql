-- What a database of a template's tenants has beside their tables: the key that proves whose a session is, the plans of
-- tenants whose registry is elsewhere, a row to lock for each limit, and what tells services that the registry changed.
-- It is the owner's; services may call two of the functions, and no more.
DO $support$
DECLARE
    caller CONSTANT text := pg_catalog.current_setting('role');
    path CONSTANT text := pg_catalog.current_setting('search_path');
    messages CONSTANT text := pg_catalog.current_setting('client_min_messages');
    watched record;
BEGIN
    PERFORM pg_catalog.set_config('role', {owner}, true);
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog', true); -- for the operators
    PERFORM pg_catalog.set_config('client_min_messages', 'warning', true); -- what is there already is nothing to tell

    -- The two halves of an HMAC's key. One that ``signs`` lets a login prove itself; others are known outside alone.
    CREATE TABLE IF NOT EXISTS payrollx_tenants.keys (
        inner_pad bytea NOT NULL,
        outer_pad bytea NOT NULL,
        signs boolean NOT NULL,
        made_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    CREATE TABLE IF NOT EXISTS payrollx_tenants.plans (
        tenant text PRIMARY KEY,
        plan text NOT NULL
    );
    CREATE TABLE IF NOT EXISTS payrollx_tenants.limits (
        tenant text,
        name text,
        asked bigint NOT NULL DEFAULT 1,
        PRIMARY KEY (tenant, name)
    );

    CREATE OR REPLACE FUNCTION payrollx_tenants.use_key(key text, signs boolean DEFAULT false) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
    AS $body$
    DECLARE
        bytes bytea := convert_to(key, 'UTF8');
        inner_half bytea := decode(repeat('36', 64), 'hex');
        outer_half bytea := decode(repeat('5c', 64), 'hex');
    BEGIN
        IF length(key) < 32 THEN
            RAISE EXCEPTION USING ERRCODE = 'PX405', MESSAGE = 'a key of tenants has at least 32 characters';
        END IF;
        IF octet_length(bytes) > 64 THEN
            bytes := sha256(bytes);
        END IF;
        FOR place IN 0 .. octet_length(bytes) - 1 LOOP
            inner_half := set_byte(inner_half, place, get_byte(inner_half, place) # get_byte(bytes, place));
            outer_half := set_byte(outer_half, place, get_byte(outer_half, place) # get_byte(bytes, place));
        END LOOP;
        IF EXISTS (SELECT FROM payrollx_tenants.keys AS k
                   WHERE (k.inner_pad, k.outer_pad, k.signs) = (inner_half, outer_half, use_key.signs))
        THEN
            RETURN;
        END IF;
        -- The last one stays valid, so that services may change over; one that signs goes with the first that doesn't.
        DELETE FROM payrollx_tenants.keys AS k
        WHERE k.signs OR k.made_at < (SELECT max(made_at) FROM payrollx_tenants.keys);
        INSERT INTO payrollx_tenants.keys VALUES (inner_half, outer_half, use_key.signs);
    END
    $body$;

    IF NOT EXISTS (SELECT FROM payrollx_tenants.keys) THEN
        PERFORM payrollx_tenants.use_key(
            concat(gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid()), true);
    END IF;

    -- Whose rows this session may see: whom its setting names, where the proof beside it is of that name.
    CREATE OR REPLACE FUNCTION payrollx_tenants.current_tenant() RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $body$
    DECLARE
        tenant CONSTANT text := current_setting({setting}, true);
        proof CONSTANT text := current_setting({proof}, true);
    BEGIN
        IF tenant IS NULL OR tenant = '' THEN
            RETURN NULL;
        END IF;
        PERFORM FROM payrollx_tenants.keys
        WHERE encode(sha256(outer_pad || sha256(inner_pad || convert_to(tenant, 'UTF8'))), 'hex') = proof;
        IF NOT FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'PX403', MESSAGE = 'the session can''t prove whose tenant it is';
        END IF;
        RETURN tenant;
    END
    $body$;

    -- The proof for a login that may act for tenants, which it asks for before it takes the role that uses rows.
    CREATE OR REPLACE FUNCTION payrollx_tenants.sign(tenant text) RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $body$
    DECLARE
        proof text;
    BEGIN
        IF current_setting('role') <> 'none' OR NOT pg_has_role(session_user, {service}, 'MEMBER') THEN
            RAISE EXCEPTION USING ERRCODE = '42501',
                MESSAGE = 'only a login that may act for tenants proves whose it is, before it takes a role';
        END IF;
        SELECT encode(sha256(outer_pad || sha256(inner_pad || convert_to(tenant, 'UTF8'))), 'hex') INTO proof
        FROM payrollx_tenants.keys WHERE signs ORDER BY made_at DESC LIMIT 1;
        IF NOT FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'PX405',
                MESSAGE = 'the key of tenants is known to services alone: set PAYROLLX_TENANT_KEY to it';
        END IF;
        RETURN proof;
    END
    $body$;

    -- A tenant's plan: of the registry's row, or where the registry is elsewhere, as it was told when it moved here.
    CREATE OR REPLACE FUNCTION payrollx_tenants.plan_of(tenant text) RETURNS text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
    AS $body$
    DECLARE
        plan text;
    BEGIN
        IF to_regclass({registry}) IS NOT NULL THEN
            EXECUTE {plan_query} INTO plan USING tenant;
        END IF;
        RETURN coalesce(plan, (SELECT p.plan FROM payrollx_tenants.plans AS p WHERE p.tenant = plan_of.tenant));
    END
    $body$;

    -- After a statement of a service: are there more rows than the tenant's plan allows? What the owner does, as a copy
    -- does, isn't limited. Who adds rows that count locks the tenant's row for this limit first, until the transaction
    -- ends, so that the count is of all that is committed, and nobody else adds meanwhile. Counting, and no counter:
    -- whatever else changes the rows, a copy or a delete, needs no accounts.
    CREATE OR REPLACE FUNCTION payrollx_tenants.enforce_limit() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC'
    AS $body$
    DECLARE
        limited CONSTANT text := TG_ARGV[0];
        whose CONSTANT text := CASE WHEN TG_ARGV[1] = '' THEN quote_ident(TG_ARGV[2]) ELSE quote_literal(TG_ARGV[1]) END;
        condition CONSTANT text := TG_ARGV[3];
        moment CONSTANT text := CASE WHEN TG_ARGV[4] <> '' THEN quote_ident(TG_ARGV[4]) END;
        plans CONSTANT jsonb := TG_ARGV[5];
        acting CONSTANT text := coalesce(nullif(current_setting('role'), 'none'), session_user);
        selected CONSTANT text := 'SELECT ' || whose || ' AS tenant, '
            || coalesce('date_trunc(''month'', coalesce(' || moment || ', now()))', 'NULL::timestamptz') || ' AS month, ';
        change record;
        plan text;
        most bigint;
        counted bigint;
        counting text;
    BEGIN
        IF pg_has_role(acting, current_user, 'MEMBER') THEN
            RETURN NULL;
        END IF;
        FOR change IN EXECUTE concat(
            'SELECT tenant::text, month, sum(number)::bigint AS adding FROM (',
            selected, '1 AS number FROM added WHERE ', condition,
            CASE WHEN TG_OP = 'UPDATE' THEN concat(' UNION ALL ', selected, '-1 FROM removed WHERE ', condition) END,
            ') AS changes GROUP BY 1, 2 HAVING sum(number) > 0 ORDER BY 1, 2')
        LOOP
            plan := payrollx_tenants.plan_of(change.tenant);
            IF plan IS NULL OR NOT plans ? plan THEN
                RAISE EXCEPTION USING ERRCODE = 'PX404', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME,
                    CONSTRAINT = limited, MESSAGE = 'the tenant has no plan that says how many ' || limited
                        || ' it may have: give it one in the registry, or in payrollx_tenants.plans';
            END IF;
            most := (plans ->> plan)::bigint;
            CONTINUE WHEN most IS NULL;
            PERFORM FROM payrollx_tenants.limits AS l
            WHERE l.tenant = change.tenant AND l.name = limited AND l.xmin = pg_current_xact_id()::xid;
            IF NOT FOUND THEN
                INSERT INTO payrollx_tenants.limits AS l (tenant, name) VALUES (change.tenant, limited)
                ON CONFLICT (tenant, name) DO UPDATE SET asked = l.asked + 1;
            END IF;
            counting := format(
                'SELECT count(*) FROM (SELECT FROM %s WHERE (%s)%s%s LIMIT $3) AS counted',
                coalesce(pg_partition_root(TG_RELID), TG_RELID)::regclass, condition,
                CASE WHEN TG_ARGV[1] = '' THEN format(' AND %s = $1', whose) END,
                CASE WHEN moment IS NOT NULL THEN format(
                    ' AND (%1$s >= $2 AND %1$s < $2 + interval ''1 month'' OR %1$s IS NULL AND $2 <= now()'
                    ' AND $2 + interval ''1 month'' > now())', moment) END);
            EXECUTE counting INTO counted USING change.tenant, change.month, most + 1;
            IF counted > most THEN
                EXECUTE counting INTO counted USING change.tenant, change.month, NULL::bigint;
                RAISE EXCEPTION USING ERRCODE = 'PX402', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME,
                    CONSTRAINT = limited,
                    MESSAGE = format('the plan %s allows %s %s%s: %s are there, and %s more are too many',
                        plan, most, limited,
                        CASE WHEN moment IS NOT NULL THEN ' in the month ' || to_char(change.month, 'YYYY-MM')
                            ELSE '' END,
                        counted - change.adding, change.adding),
                    DETAIL = jsonb_build_object('limit', limited, 'plan', plan, 'most', most,
                        'used', counted - change.adding, 'adding', change.adding,
                        'month', to_char(change.month, 'YYYY-MM'));
            END IF;
        END LOOP;
        RETURN NULL;
    END
    $body$;

    -- Tells services which tenant's place, status or route has changed; without an id, any may have.
    CREATE OR REPLACE FUNCTION payrollx_tenants.notify() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $body$
    BEGIN
        IF TG_LEVEL = 'STATEMENT' THEN
            PERFORM pg_notify('payrollx_tenants', '');
        ELSE
            IF TG_OP <> 'INSERT' THEN
                PERFORM pg_notify('payrollx_tenants', to_jsonb(OLD) ->> TG_ARGV[0]);
            END IF;
            IF TG_OP <> 'DELETE' THEN
                PERFORM pg_notify('payrollx_tenants', to_jsonb(NEW) ->> TG_ARGV[0]);
            END IF;
        END IF;
        RETURN NULL;
    END
    $body$;

    REVOKE ALL ON ALL FUNCTIONS IN SCHEMA payrollx_tenants FROM PUBLIC;
    GRANT USAGE ON SCHEMA payrollx_tenants TO PUBLIC;
    GRANT EXECUTE ON FUNCTION payrollx_tenants.sign(text), payrollx_tenants.current_tenant() TO PUBLIC;

    FOR watched IN
        SELECT relation.oid::regclass AS place, watch.*, statements.*
        FROM jsonb_to_recordset({watched}) AS watch (schema text, name text, id text, columns text[])
        JOIN pg_namespace AS space ON nspname = watch.schema
        JOIN pg_class AS relation ON relnamespace = space.oid AND relname = watch.name
        CROSS JOIN LATERAL (VALUES
            ('payrollx_routes_added', 'INSERT OR DELETE ON ? FOR EACH ROW'),
            ('payrollx_routes_changed', 'UPDATE ON ? FOR EACH ROW WHEN ('
                || (SELECT string_agg(format('OLD.%1$I IS DISTINCT FROM NEW.%1$I', attname), ' OR ' ORDER BY attnum)
                    FROM pg_attribute
                    WHERE attrelid = relation.oid AND attname = ANY (watch.columns) AND NOT attisdropped) || ')'),
            ('payrollx_routes_emptied', 'TRUNCATE ON ? FOR EACH STATEMENT')
        ) AS statements (trigger, events)
        WHERE NOT EXISTS (
            SELECT FROM pg_trigger
            WHERE tgrelid = relation.oid AND tgname = statements.trigger
                AND obj_description(pg_trigger.oid, 'pg_trigger') = md5(concat_ws(' ', events, watch.id))
        )
    LOOP
        EXECUTE format('DROP TRIGGER IF EXISTS %I ON %s', watched.trigger, watched.place);
        EXECUTE concat('CREATE TRIGGER ', watched.trigger, ' AFTER ', replace(watched.events, '?', watched.place::text),
            ' EXECUTE FUNCTION payrollx_tenants.notify(', quote_literal(watched.id), ')');
        EXECUTE format('COMMENT ON TRIGGER %I ON %s IS %L', watched.trigger, watched.place,
            md5(concat_ws(' ', watched.events, watched.id)));
    END LOOP;

    PERFORM pg_catalog.set_config('client_min_messages', messages, true);
    PERFORM pg_catalog.set_config('search_path', path, true);
    PERFORM pg_catalog.set_config('role', caller, true);
END
$support$
