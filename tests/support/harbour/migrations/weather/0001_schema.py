"""A place for tables that are to come."""

from payrollx_db.schema import ddl

revision = "weather_0001"
down_revision = None
branch_labels = ("weather",)
depends_on = None


def upgrade() -> None:
    ddl.begin_service("weather")


def downgrade() -> None:
    ddl.end_service("weather")
