"""Berths, and the ships that call there."""

from sqlalchemy import BigInteger, ForeignKeyConstraint, Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from harbour.base import CATALOG, Base, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service, loose_reference

service = Service("berthing", schema="berth-ing", role="harbour_berthing")
db = Facade(service, metadata=metadata, catalog=CATALOG)


class Berth(Base):
    """A place along a pier."""

    __tablename__ = "berths"
    __table_args__ = {"schema": service.schema}  # noqa: RUF012

    pier: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    depth: Mapped[int | None]


class Call(Base):
    """A ship's stay at a berth. One that nobody knows has no number."""

    __tablename__ = "Port Calls"
    __table_args__ = (
        ForeignKeyConstraint(["ship_flag", "ship_number"], ["Ship Registry.ships.flag", "Ship Registry.ships.number"]),
        ForeignKeyConstraint(["pier", "berth"], ["berth-ing.berths.pier", "berth-ing.berths.number"]),
        Index(None, "ship_flag", "ship_number"),
        Index(None, "pier", "berth"),
        Index(None, "declared_year", "declared_number"),
        {"schema": service.schema},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    ship_flag: Mapped[str | None]
    ship_number: Mapped[int | None]
    pier: Mapped[str]
    berth: Mapped[int]
    declared_year: Mapped[int | None] = mapped_column(
        info=loose_reference("customs.declarations.year", together="declaration")
    )
    declared_number: Mapped[int | None] = mapped_column(
        info=loose_reference("customs.declarations.number", together="declaration")
    )
