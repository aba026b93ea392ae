"""The registry's tables."""

from choirs.making import make_registry

revision = "registry_0001"
down_revision = None
branch_labels = ("registry",)
depends_on = None


def upgrade() -> None:
    """Make them."""
    make_registry()
