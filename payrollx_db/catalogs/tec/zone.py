"""The domain zone, of the sector enterprise."""

from datetime import datetime

from sqlalchemy import ForeignKey, Table
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.columns import Created, Document, Key, Texts, Updated
from payrollx_db.catalogs.tec.base import CATALOG, Base, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service
from payrollx_db.model.reading import secret

service = Service("zone", schema="zone", role="tec_zone")


class ZoneFacade(Facade):
    """The service's tables, by name."""

    enterprises: Table
    solutions: Table
    deployments: Table
    regions: Table
    licenses: Table


db = ZoneFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class Enterprise(Base):
    """A company, or a place of one. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "enterprises"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    name: Mapped[str] = mapped_column()
    type: Mapped[str] = mapped_column(index=True)  # one of REGIONAL_HQ, BRANCH, SUBSIDIARY
    location: Mapped[Document] = mapped_column()
    timezone: Mapped[str] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="OPERATIONAL", index=True)
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Solution(Base):
    """What an enterprise is offered or uses. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "solutions"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    enterprise_id: Mapped[str] = mapped_column(ForeignKey("zone.enterprises.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column()
    category: Mapped[str] = mapped_column(index=True)  # one of INFRASTRUCTURE, PLATFORM, APPLICATION
    description: Mapped[str | None] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="ACTIVE")
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Deployment(Base):
    """A solution at work. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "deployments"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    enterprise_id: Mapped[str] = mapped_column(ForeignKey("zone.enterprises.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column()
    environment: Mapped[str] = mapped_column(index=True)  # one of PROD, STAGING, DEV
    config: Mapped[Document] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="ACTIVE")
    deployed_at: Mapped[Created] = mapped_column()
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Region(Base):
    """Where a deployment is. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "regions"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    deployment_id: Mapped[str | None] = mapped_column(
        ForeignKey("zone.deployments.id", ondelete="SET NULL"), index=True
    )
    solution_id: Mapped[str | None] = mapped_column(ForeignKey("zone.solutions.id", ondelete="SET NULL"), index=True)
    name: Mapped[str] = mapped_column()
    code: Mapped[str] = mapped_column(unique=True)
    country: Mapped[str] = mapped_column(index=True)
    city: Mapped[str | None] = mapped_column()
    location: Mapped[Document] = mapped_column()
    capacity: Mapped[Document | None] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="ACTIVE")
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class License(Base):
    """What an enterprise may use, and until when. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "licenses"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    enterprise_id: Mapped[str] = mapped_column(ForeignKey("zone.enterprises.id", ondelete="CASCADE"), index=True)
    license_key: Mapped[str] = mapped_column(unique=True, info=secret())
    type: Mapped[str] = mapped_column(index=True)  # one of REGIONAL, GLOBAL, LIMITED
    regions: Mapped[Texts | None] = mapped_column()
    features: Mapped[Document] = mapped_column()
    issued_date: Mapped[Created] = mapped_column()
    expiry_date: Mapped[datetime] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="VALID", index=True)
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
