"""A choir's tables."""

from choirs.making import make_tenant

revision = "tenant_0001"
down_revision = None
branch_labels = ("tenant",)
depends_on = None


def upgrade() -> None:
    """Make them."""
    make_tenant()
