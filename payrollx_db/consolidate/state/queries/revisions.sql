SELECT version_num::text FROM payrollx_meta.alembic_version ORDER BY 1
