"""The registry of ships, each known by its flag and its number there."""

from sqlalchemy.orm import Mapped, mapped_column

from harbour.base import CATALOG, Base, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service

service = Service("registry", schema="Ship Registry", role="harbour_registry")
db = Facade(service, metadata=metadata, catalog=CATALOG)


class Ship(Base):
    """A ship."""

    __tablename__ = "ships"
    __table_args__ = {"schema": service.schema}  # noqa: RUF012

    flag: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(unique=True)
