"""A picture of a database: everything that a migration makes, as text, so that two can be compared."""

import psycopg

from payrollx_db.postgres.url import DatabaseUrl

QUERIES = {
    "schemas": """
        SELECT nspname, nspowner::regrole::text, nspacl::text FROM pg_namespace
        WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public')
    """,
    "relations": """
        SELECT relnamespace::regnamespace::text, relname, relkind::text, relowner::regrole::text, relacl::text
        FROM pg_class WHERE relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
    """,
    "columns": """
        SELECT attrelid::regclass::text, attnum, attname, format_type(atttypid, atttypmod), attnotnull,
            attidentity::text, pg_get_expr(adbin, adrelid)
        FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE attnum > 0 AND relkind = 'r'
            AND relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
    """,
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace::regnamespace::text !~ '^(pg_|information_schema)'
    """,
    "indexes": """
        SELECT schemaname, indexname, indexdef FROM pg_indexes
        WHERE schemaname !~ '^(pg_|information_schema)'
    """,
    "enums": """
        SELECT enumtypid::regtype::text, typowner::regrole::text, typacl::text,
            array_agg(enumlabel::text ORDER BY enumsortorder)
        FROM pg_enum JOIN pg_type ON pg_type.oid = enumtypid GROUP BY 1, 2, 3
    """,
    "functions": """
        SELECT pronamespace::regnamespace::text, pg_get_functiondef(oid), proowner::regrole::text, proacl::text
        FROM pg_proc WHERE pronamespace::regnamespace::text !~ '^(pg_|information_schema)' AND prokind = 'f'
    """,
    "triggers": """
        SELECT pg_get_triggerdef(oid), tgenabled::text, obj_description(oid, 'pg_trigger')
        FROM pg_trigger WHERE NOT tgisinternal
    """,
    "defaults": """
        SELECT defaclrole::regrole::text, defaclnamespace::regnamespace::text, defaclobjtype::text,
            defaclacl::text
        FROM pg_default_acl
    """,
}


def picture(url: DatabaseUrl) -> dict[str, list[str]]:
    """Return what the database holds beside rows, sorted."""
    with psycopg.connect(url.conninfo(), options="-c search_path=pg_catalog") as connection:
        return {name: sorted(repr(row) for row in connection.execute(query)) for name, query in QUERIES.items()}


def run(url: DatabaseUrl, script: str) -> None:
    """Run a script of several statements as psql would: as it stands, each in its own transaction."""
    with psycopg.connect(url.conninfo(), autocommit=True) as connection:
        connection.execute(script)  # type: ignore[arg-type]
