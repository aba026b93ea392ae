"""The declarations."""

import sqlalchemy as sa
from alembic import op

from payrollx_db.schema import ddl, foreign_keys

revision = "customs_0001"
down_revision = None
branch_labels = ("customs",)
depends_on = None


def upgrade() -> None:
    ddl.begin_service("customs")
    op.create_table(
        "declarations",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("goods", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("year", "number", name=op.f("pk_declarations")),
        schema="customs",
    )


def downgrade() -> None:
    foreign_keys.loosen("customs")
    op.drop_table("declarations", schema="customs")
    ddl.end_service("customs")
