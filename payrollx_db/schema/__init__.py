"""From metadata to a database: migrations, foreign keys between services, roles and grants, the audit."""
