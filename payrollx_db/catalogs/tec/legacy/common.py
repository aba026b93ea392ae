"""What the legacy databases have in common."""

from payrollx_db.model.layout import Discard

PRISMA = Discard("_prisma_migrations", "Prisma's own bookkeeping; Alembic keeps the unified database's")

TIME = "timestamp(3)"
FLOAT = "double precision"
