-- Made by scripts/generate_sql.py. Don't edit: change the catalog, or payrollx_db/schema/roles/queries.

-- The walls of the catalog 'payrollx': what each role may do, and that nobody else may do anything.
--
-- `payrollx-db migrate` runs this last, for the schemas that there are by then. A DBA who doubts the
-- walls may run it at any time, as a superuser or as a member of "payrollx_owner":
--
--     psql --dbname the_unified_database --file grants.sql
--
-- A service's role may read and write the rows of its own schema and call its functions, and nothing else: it
-- creates nothing, truncates nothing, and sees no other schema. Foreign keys into other schemas hold all the same,
-- because Postgres checks them as the tables' owner. "payrollx_reader" may read every service's tables, and nothing else.
-- What was granted beyond that to these roles, or to PUBLIC, is taken back.
--
-- Only what differs from that is granted or revoked, object by object: so the time that it takes grows with the
-- number of objects, and not with schemas times roles.

DO $grants$
DECLARE
    caller CONSTANT text := pg_catalog.current_setting('role');
    path CONSTANT text := pg_catalog.current_setting('search_path');
    owner CONSTANT text := 'payrollx_owner';
    users CONSTANT text[] := ARRAY[
        'payrollx_auth',
        'payrollx_organization',
        'payrollx_employee',
        'payrollx_wallet',
        'payrollx_payroll',
        'payrollx_transaction',
        'payrollx_notification',
        'payrollx_compliance',
        'payrollx_reader'
    ];
    everyone CONSTANT text := (
        SELECT pg_catalog.string_agg(pg_catalog.quote_ident(name), ', ') FROM pg_catalog.unnest(users) AS name
    );
    difference record;
    things text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = owner) THEN
        RAISE NOTICE 'nothing is granted: there is no role % yet, which roles.sql makes', owner;
        RETURN;
    END IF;
    PERFORM pg_catalog.set_config('role', owner, true);
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog', true); -- for the operators

    -- What later migrations add: nothing for anybody, except what is granted schema by schema below. Postgres
    -- would let everyone call a new function and use a new type. These rows are the owner's for the whole database, so
    -- what is as it should be isn't touched: two tenants that are migrated at once would be in each other's way.
    FOR things IN
        SELECT kinds.kind
        FROM (VALUES ('TABLES', 'r'::"char", 'r'::"char"), ('SEQUENCES', 'S', 's'), ('TYPES', 'T', 'T'),
                     ('FUNCTIONS', 'f', 'f')) AS kinds (kind, letter, usual)
        JOIN pg_roles ON rolname = owner
        LEFT JOIN pg_default_acl
            ON defaclnamespace = 0 AND defaclrole = pg_roles.oid AND defaclobjtype = kinds.letter
        WHERE EXISTS (
            SELECT FROM aclexplode(coalesce(defaclacl, acldefault(kinds.usual, pg_roles.oid))) AS entry
            WHERE entry.grantee = 0 OR pg_get_userbyid(entry.grantee) = ANY (users)
        )
    LOOP
        EXECUTE format(
            'ALTER DEFAULT PRIVILEGES FOR ROLE %I REVOKE ALL ON %s FROM PUBLIC, %s', owner, things, everyone);
    END LOOP;

    FOR difference IN
        WITH walls AS (
            SELECT pg_namespace.oid AS space, nspname, nspowner, nspacl, quote_ident(expected.role) AS guest
            FROM (
                VALUES
                    ('auth', 'payrollx_auth'),
                    ('organization', 'payrollx_organization'),
                    ('employee', 'payrollx_employee'),
                    ('wallet', 'payrollx_wallet'),
                    ('payroll', 'payrollx_payroll'),
                    ('transaction', 'payrollx_transaction'),
                    ('notification', 'payrollx_notification'),
                    ('compliance', 'payrollx_compliance')
            ) AS expected (schema, role)
            JOIN pg_namespace ON nspname = expected.schema
            WHERE pg_get_userbyid(nspowner) = owner
        ), inside AS MATERIALIZED (
            -- What lies in these schemas, an index of pg_depend finds; of the catalogs themselves, all would be read.
            SELECT DISTINCT refobjid AS schema, classid AS class, objid AS oid
            FROM walls JOIN pg_depend ON refclassid = 'pg_namespace'::regclass AND refobjid = space
        ), things AS (
            SELECT space, 'SCHEMA' AS kind, space AS oid, quote_ident(nspname) AS name, nspowner AS owned_by,
                   coalesce(nspacl, acldefault('n', nspowner)) AS acl, guest,
                   ARRAY['USAGE'] AS service, ARRAY['USAGE'] AS tolerated, ARRAY['USAGE'] AS reading
            FROM walls
            UNION ALL
            SELECT space, CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, pg_class.oid,
                   format('%I.%I', nspname, relname), relowner,
                   coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner)), guest,
                   rights, rights, CASE relkind WHEN 'S' THEN ARRAY[]::text[] ELSE ARRAY['SELECT'] END
            FROM walls
            JOIN inside ON inside.schema = space AND inside.class = 'pg_class'::regclass
            JOIN pg_class ON pg_class.oid = inside.oid AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
            CROSS JOIN LATERAL (
                SELECT CASE relkind
                    WHEN 'S' THEN ARRAY['USAGE'] ELSE ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']
                END
            ) AS given (rights)
            WHERE NOT EXISTS (
                SELECT FROM pg_depend
                WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e'
            )
            UNION ALL
            -- a table's row type goes with the table
            SELECT space, 'TYPE', pg_type.oid, format('%I.%I', nspname, typname), typowner,
                   coalesce(typacl, acldefault('T', typowner)), guest,
                   ARRAY['USAGE'], ARRAY['USAGE'], ARRAY[]::text[]
            FROM walls
            JOIN inside ON inside.schema = space AND inside.class = 'pg_type'::regclass
            JOIN pg_type ON pg_type.oid = inside.oid
            LEFT JOIN pg_class ON pg_class.oid = typrelid
            WHERE (typtype IN ('e', 'd', 'r') OR relkind = 'c') AND NOT EXISTS (
                SELECT FROM pg_depend
                WHERE classid = 'pg_type'::regclass AND objid = pg_type.oid AND deptype = 'e'
            )
            UNION ALL
            -- Functions of the service itself. One of a trigger is called by its trigger alone, and one that acts with
            -- its owner's rights must say itself where it looks for names, or its caller would.
            SELECT space, 'ROUTINE', pg_proc.oid, pg_proc.oid::regprocedure::text, proowner,
                   coalesce(proacl, acldefault('f', proowner)), guest,
                   CASE WHEN callable THEN ARRAY['EXECUTE'] ELSE ARRAY[]::text[] END,
                   ARRAY['EXECUTE'], ARRAY[]::text[]
            FROM walls
            JOIN inside ON inside.schema = space AND inside.class = 'pg_proc'::regclass
            JOIN pg_proc ON pg_proc.oid = inside.oid
            CROSS JOIN LATERAL (
                SELECT prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
                    AND (NOT prosecdef OR EXISTS (
                        SELECT FROM unnest(proconfig) AS setting
                        WHERE setting ~ '^search_path=(.*, )?pg_temp$' AND setting !~ '[$]user|pg_temp.*pg_temp'
                    ))
            ) AS given (callable)
            WHERE NOT EXISTS ( -- of an extension, or one that makes a range
                SELECT FROM pg_depend
                WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype IN ('e', 'i')
            )
            UNION ALL
            -- what the owner makes here later
            SELECT space, kinds.kind, space, quote_ident(nspname), nspowner, defaclacl,
                   guest, kinds.service, kinds.service, kinds.reading
            FROM walls
            CROSS JOIN (
                VALUES ('r'::"char", 'TABLES', ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE'], ARRAY['SELECT']),
                       ('S', 'SEQUENCES', ARRAY['USAGE'], ARRAY[]::text[]),
                       ('T', 'TYPES', ARRAY['USAGE'], ARRAY[]::text[]),
                       ('f', 'FUNCTIONS', ARRAY[]::text[], ARRAY[]::text[])
            ) AS kinds (letter, kind, service, reading)
            LEFT JOIN pg_default_acl
                ON defaclnamespace = space AND defaclrole = nspowner AND defaclobjtype = kinds.letter
        ), given AS (
            SELECT kind, oid, grantee, array_agg(privilege_type) AS privileges, bool_or(is_grantable) AS hands_on,
                   array_agg(privilege_type) FILTER (WHERE whole) AS whole
            FROM (
                SELECT kind, oid, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
                       privilege_type, is_grantable, grantor = owned_by
                FROM things, aclexplode(acl)
                WHERE grantee <> owned_by
                UNION ALL
                SELECT kind, things.oid, CASE grantee WHEN 0 THEN 'PUBLIC'
                         ELSE quote_ident(pg_get_userbyid(grantee)) END,
                       privilege_type, is_grantable, false
                FROM things
                JOIN pg_attribute ON attrelid = things.oid AND attacl IS NOT NULL
                CROSS JOIN aclexplode(attacl)
                WHERE kind = 'TABLE' AND grantee <> owned_by
            ) AS entries (kind, oid, grantee, privilege_type, is_grantable, whole)
            WHERE grantee = 'PUBLIC' OR grantee IN (SELECT quote_ident(name) FROM unnest(users) AS name)
            GROUP BY kind, oid, grantee
        ), needed AS (
            SELECT kind, oid, guest AS grantee, service AS privileges, tolerated FROM things
            UNION ALL
            SELECT kind, oid, quote_ident('payrollx_reader'), reading, reading FROM things
        ), compared AS (
            SELECT kind, oid, grantee, coalesce(needed.privileges, ARRAY[]::text[]) AS privileges,
                   coalesce(given.hands_on OR NOT coalesce(tolerated, ARRAY[]::text[]) @> given.privileges, false)
                     AS beyond,
                   NOT coalesce(given.whole, ARRAY[]::text[]) @> needed.privileges AS lacks
            FROM needed FULL JOIN given USING (kind, oid, grantee)
        )
        SELECT grantee, kind, min(nspname) AS schema, steps.revokes,
               CASE WHEN kind IN ('TABLES', 'SEQUENCES', 'TYPES', 'FUNCTIONS') THEN kind
                 ELSE kind || ' ' || string_agg(name, ', ' ORDER BY name) END AS objects,
               kind IN ('TABLES', 'SEQUENCES', 'TYPES', 'FUNCTIONS') AS later,
               array_to_string(compared.privileges, ', ') AS privileges
        FROM compared
        JOIN things USING (kind, oid)
        JOIN walls USING (space)
        CROSS JOIN (VALUES (true), (false)) AS steps (revokes)
        WHERE CASE WHEN steps.revokes THEN beyond ELSE (beyond OR lacks) AND cardinality(compared.privileges) > 0 END
        GROUP BY space, kind, grantee, compared.privileges, steps.revokes
        ORDER BY steps.revokes DESC, space, kind, grantee
    LOOP
        things := CASE WHEN difference.later THEN
            format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I ', owner, difference.schema) ELSE '' END;
        IF difference.revokes THEN
            EXECUTE format('%sREVOKE ALL ON %s FROM %s%s', things, difference.objects, difference.grantee,
                CASE WHEN difference.later THEN '' ELSE ' CASCADE' END);
        ELSE
            EXECUTE format(
                '%sGRANT %s ON %s TO %s', things, difference.privileges, difference.objects, difference.grantee);
        END IF;
    END LOOP;

    PERFORM pg_catalog.set_config('search_path', path, true);
    PERFORM pg_catalog.set_config('role', caller, true);
END
$grants$;

-- What roles may read beside their own schema, and where a column is secret, the other columns in place of the table.
-- Run after the walls, which know whole schemas only.

DO $reads$
DECLARE
    caller CONSTANT text := pg_catalog.current_setting('role');
    path CONSTANT text := pg_catalog.current_setting('search_path');
    owner CONSTANT text := 'payrollx_owner';
    part record;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = owner) THEN
        RETURN;
    END IF;
    PERFORM pg_catalog.set_config('role', owner, true);
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog', true); -- for the operators
    FOR part IN
        WITH declared (schema, name, role, columns, secrets) AS (
            VALUES
                ('auth', 'users', 'payrollx_reader', NULL::text[], '{password}'::text[]),
                ('auth', 'refresh_tokens', 'payrollx_reader', NULL::text[], '{token}'::text[])
        ), called (schemas, tables, names) AS (
            VALUES
                ('{auth}'::text[], '{audit_logs,refresh_tokens,users}'::text[], '{password,token}'::text[]),
                ('{organization,employee,wallet,payroll,transaction,notification,compliance}'::text[], '{}'::text[], '{}'::text[])
        ), expected AS (
            SELECT * FROM declared
            UNION ALL
            -- A table that no model knows may be one of theirs, renamed by hand, or a copy: what is called as a secret
            -- column is one there, too.
            SELECT nspname, relname, 'payrollx_reader', NULL, names
            FROM called
            JOIN pg_namespace ON nspname = ANY (schemas)
            JOIN pg_class ON relnamespace = pg_namespace.oid AND relkind IN ('r', 'p', 'v', 'm', 'f')
                AND relname <> ALL (tables)
            WHERE EXISTS (
                SELECT FROM pg_attribute
                WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped AND attname = ANY (names)
            ) AND NOT EXISTS (
                SELECT FROM pg_depend
                WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e'
            )
        )
        SELECT expected.schema, expected.name, expected.role, expected.columns IS NULL AND secrets = '{}' AS whole,
               string_agg(quote_ident(attname), ', ' ORDER BY attnum) AS readable
        FROM expected
        JOIN pg_namespace ON nspname = expected.schema AND pg_get_userbyid(nspowner) = owner
        JOIN pg_class ON relnamespace = pg_namespace.oid AND relname = expected.name
        LEFT JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
            AND attname <> ALL (secrets) AND (expected.columns IS NULL OR attname = ANY (expected.columns))
        GROUP BY 1, 2, 3, 4
    LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', part.schema, part.role);
        IF part.whole THEN
            EXECUTE format('GRANT SELECT ON TABLE %I.%I TO %I', part.schema, part.name, part.role);
        ELSE
            EXECUTE format('REVOKE SELECT ON TABLE %I.%I FROM %I CASCADE', part.schema, part.name, part.role);
            IF part.readable IS NOT NULL THEN
                EXECUTE format(
                    'GRANT SELECT (%s) ON TABLE %I.%I TO %I', part.readable, part.schema, part.name, part.role);
            END IF;
        END IF;
    END LOOP;
    PERFORM pg_catalog.set_config('search_path', path, true);
    PERFORM pg_catalog.set_config('role', caller, true);
END
$reads$;

-- Around the schemas: the database itself, the schema public, and the schemas in which extensions lie belong to
-- somebody else. Run by a superuser, or by who owns them, this takes CONNECT and TEMPORARY, and CREATE in public, from
-- PUBLIC. Every login that is a member of one of our roles may still connect; any other (monitoring, say) then needs
-- a GRANT CONNECT ON DATABASE of its own. Services reach the types and functions of extensions wherever these lie.

DO $outer_grants$
DECLARE
    caller CONSTANT text := pg_catalog.current_setting('role');
    path CONSTANT text := pg_catalog.current_setting('search_path');
    owner CONSTANT text := 'payrollx_owner';
    users CONSTANT text[] := ARRAY[
        'payrollx_auth',
        'payrollx_organization',
        'payrollx_employee',
        'payrollx_wallet',
        'payrollx_payroll',
        'payrollx_transaction',
        'payrollx_notification',
        'payrollx_compliance',
        'payrollx_reader'
    ];
    everyone CONSTANT text := (
        SELECT pg_catalog.string_agg(pg_catalog.quote_ident(name), ', ') FROM pg_catalog.unnest(users) AS name
    );
    schemas CONSTANT text[] := ARRAY[
        'auth',
        'organization',
        'employee',
        'wallet',
        'payroll',
        'transaction',
        'notification',
        'compliance'
    ];
    database CONSTANT text := pg_catalog.current_database();
    place record;
    acting text;
BEGIN
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog', true); -- for the operators
    FOREACH acting IN ARRAY CASE WHEN EXISTS (
        SELECT FROM pg_namespace WHERE nspname = ANY (schemas) AND pg_get_userbyid(nspowner) = owner
    ) THEN ARRAY[caller, 'none', owner] ELSE ARRAY[]::text[] END LOOP
        PERFORM set_config('role', acting, true);
        IF EXISTS (
            SELECT FROM pg_database WHERE datname = database AND pg_has_role(CURRENT_USER, datdba, 'USAGE')
        ) THEN
            EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC, %s CASCADE', database, everyone);
            EXECUTE format('GRANT CONNECT ON DATABASE %I TO %s', database, everyone);
            EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO %I', database, owner);
            -- a member that doesn't inherit may take on its role only once it is in
            FOR place IN
                WITH RECURSIVE members (oid) AS (
                    SELECT oid FROM pg_roles WHERE rolname = ANY (users || owner)
                    UNION
                    SELECT member FROM members JOIN pg_auth_members ON roleid = members.oid
                )
                SELECT rolname AS login
                FROM pg_roles JOIN members USING (oid)
                WHERE rolcanlogin AND NOT has_database_privilege(oid, database, 'CONNECT')
            LOOP
                EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', database, place.login);
            END LOOP;
        END IF;
        IF EXISTS (
            SELECT FROM pg_namespace
            WHERE nspname = 'public' AND pg_has_role(CURRENT_USER, nspowner, 'USAGE')
        ) THEN
            EXECUTE format('REVOKE CREATE ON SCHEMA public FROM PUBLIC, %s CASCADE', everyone);
        END IF;
        FOR place IN
            SELECT nspname
            FROM pg_namespace
            WHERE oid IN (SELECT extnamespace FROM pg_extension) AND nspname !~ '^pg_' AND nspname <> 'payrollx_meta'
                AND nspname <> 'information_schema' AND nspname <> ALL (schemas)
                AND pg_has_role(CURRENT_USER, nspowner, 'USAGE')
                AND NOT EXISTS ( -- whose extension made it
                    SELECT FROM pg_depend
                    WHERE classid = 'pg_namespace'::regclass AND objid = pg_namespace.oid AND deptype = 'e'
                )
                AND EXISTS (
                    SELECT FROM pg_roles
                    WHERE rolname = ANY (users || owner) AND NOT has_schema_privilege(oid, pg_namespace.oid, 'USAGE')
                )
        LOOP
            EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I, %s', place.nspname, owner, everyone);
        END LOOP;
        -- What an extension itself restricts stays so. The rest was closed by default privileges, of ours maybe.
        FOR place IN
            SELECT pg_proc.oid::regprocedure::text AS routine
            FROM pg_proc
            JOIN pg_depend ON classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e'
            WHERE pg_has_role(CURRENT_USER, proowner, 'USAGE')
                AND proacl IS NOT NULL
                AND NOT EXISTS (SELECT FROM aclexplode(proacl) WHERE grantee = 0)
                AND NOT EXISTS (
                    SELECT FROM pg_init_privs
                    WHERE pg_init_privs.classoid = 'pg_proc'::regclass AND pg_init_privs.objoid = pg_proc.oid
                )
        LOOP
            EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO PUBLIC', place.routine);
        END LOOP;
    END LOOP;

    PERFORM pg_catalog.set_config('search_path', path, true);
    PERFORM pg_catalog.set_config('role', caller, true);
END
$outer_grants$;
