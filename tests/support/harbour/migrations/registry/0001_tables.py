"""The ships."""

import sqlalchemy as sa
from alembic import op

from payrollx_db.schema import ddl, foreign_keys

revision = "registry_0001"
down_revision = None
branch_labels = ("registry",)
depends_on = None


def upgrade() -> None:
    ddl.begin_service("Ship Registry")
    op.create_table(
        "ships",
        sa.Column("flag", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("flag", "number", name=op.f("pk_ships")),
        sa.UniqueConstraint("name", name=op.f("uq_ships_name")),
        schema="Ship Registry",
    )


def downgrade() -> None:
    foreign_keys.loosen("Ship Registry")
    op.drop_table("ships", schema="Ship Registry")
    ddl.end_service("Ship Registry")
