"""Customs: declarations, numbered anew each year."""

from sqlalchemy.orm import Mapped, mapped_column

from harbour.base import CATALOG, Base, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service

service = Service("customs", schema="customs", role="harbour_customs")
db = Facade(service, metadata=metadata, catalog=CATALOG)


class Declaration(Base):
    """What a ship brings."""

    __tablename__ = "declarations"
    __table_args__ = {"schema": service.schema}  # noqa: RUF012

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    goods: Mapped[str]
