"""The domain titan, of the sector enterprise."""

from datetime import datetime

from sqlalchemy import ForeignKey, Table
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.columns import Created, Document, Key, Updated
from payrollx_db.catalogs.tec.base import CATALOG, Base, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service
from payrollx_db.model.reading import secret

service = Service("titan", schema="titan", role="tec_titan")


class TitanFacade(Facade):
    """The service's tables, by name."""

    enterprises: Table
    solutions: Table
    deployments: Table
    regions: Table
    licenses: Table


db = TitanFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class Enterprise(Base):
    """A company, or a place of one. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "enterprises"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    name: Mapped[str] = mapped_column()
    industry: Mapped[str] = mapped_column(index=True)
    size: Mapped[str] = mapped_column(index=True)  # one of SMALL, MEDIUM, LARGE, ENTERPRISE
    address: Mapped[Document | None] = mapped_column()
    contact_info: Mapped[Document] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="ACTIVE", index=True)
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Solution(Base):
    """What an enterprise is offered or uses. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "solutions"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    enterprise_id: Mapped[str] = mapped_column(ForeignKey("titan.enterprises.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column()
    type: Mapped[str] = mapped_column(index=True)  # one of PLATFORM, SERVICE, INTEGRATION, CUSTOM
    description: Mapped[str] = mapped_column()
    version: Mapped[str] = mapped_column()
    pricing: Mapped[Document] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="AVAILABLE")
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Deployment(Base):
    """A solution at work. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "deployments"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    enterprise_id: Mapped[str] = mapped_column(ForeignKey("titan.enterprises.id", ondelete="CASCADE"), index=True)
    solution_id: Mapped[str] = mapped_column(ForeignKey("titan.solutions.id", ondelete="RESTRICT"), index=True)
    environment: Mapped[str] = mapped_column(index=True)  # one of PRODUCTION, STAGING, DEVELOPMENT
    region: Mapped[str] = mapped_column()
    config: Mapped[Document] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="DEPLOYING")
    deployed_at: Mapped[datetime | None] = mapped_column()
    last_updated_at: Mapped[datetime | None] = mapped_column()
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Region(Base):
    """Where a deployment is. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "regions"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    deployment_id: Mapped[str] = mapped_column(ForeignKey("titan.deployments.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column()
    code: Mapped[str] = mapped_column(index=True)
    location: Mapped[Document] = mapped_column()
    capacity: Mapped[Document] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="ACTIVE")
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class License(Base):
    """What an enterprise may use, and until when. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "licenses"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    enterprise_id: Mapped[str] = mapped_column(ForeignKey("titan.enterprises.id", ondelete="CASCADE"), index=True)
    license_key: Mapped[str] = mapped_column(unique=True, info=secret())
    license_type: Mapped[str] = mapped_column(index=True)  # one of TRIAL, STANDARD, PREMIUM, ENTERPRISE
    users: Mapped[int | None] = mapped_column()
    domains: Mapped[int | None] = mapped_column()
    features: Mapped[Document] = mapped_column()
    valid_from: Mapped[Created] = mapped_column()
    valid_until: Mapped[datetime] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="ACTIVE", index=True)
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
