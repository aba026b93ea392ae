"""Berths, and calls at them."""

import sqlalchemy as sa
from alembic import op

from payrollx_db.schema import ddl, foreign_keys

revision = "berthing_0001"
down_revision = None
branch_labels = ("berthing",)
depends_on = None

SCHEMA = "berth-ing"
PAIRS = (("ship_flag", "ship_number"), ("pier", "berth"), ("declared_year", "declared_number"))


def upgrade() -> None:
    ddl.begin_service(SCHEMA)
    op.create_table(
        "berths",
        sa.Column("pier", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("depth", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("pier", "number", name=op.f("pk_berths")),
        schema=SCHEMA,
    )
    op.create_table(
        "Port Calls",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("ship_flag", sa.Text(), nullable=True),
        sa.Column("ship_number", sa.Integer(), nullable=True),
        sa.Column("pier", sa.Text(), nullable=False),
        sa.Column("berth", sa.Integer(), nullable=False),
        sa.Column("declared_year", sa.Integer(), nullable=True),
        sa.Column("declared_number", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["pier", "berth"],
            [f"{SCHEMA}.berths.pier", f"{SCHEMA}.berths.number"],
            name=op.f("fk_Port Calls_pier_berth"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_Port Calls")),
        schema=SCHEMA,
    )
    for pair in PAIRS:
        op.create_index(op.f(f"ix_Port Calls_{'_'.join(pair)}"), "Port Calls", list(pair), schema=SCHEMA)


def downgrade() -> None:
    foreign_keys.loosen(SCHEMA)
    op.drop_table("Port Calls", schema=SCHEMA)
    op.drop_table("berths", schema=SCHEMA)
    ddl.end_service(SCHEMA)
