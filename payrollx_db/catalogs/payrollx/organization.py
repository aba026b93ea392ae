"""The organization service: the companies that pay, and their settings."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Table, false
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.payrollx.base import CATALOG, Base, Created, Document, Key, Texts, Updated, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service, loose_reference

service = Service("organization", schema="organization", role="payrollx_organization")


class OrganizationFacade(Facade):
    """The service's tables, by name."""

    organizations: Table
    organization_settings: Table


db = OrganizationFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class Organization(Base):
    """A company."""

    __tablename__ = "organizations"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    name: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str | None] = mapped_column()
    email: Mapped[str | None] = mapped_column()
    website: Mapped[str | None] = mapped_column()
    address: Mapped[str | None] = mapped_column()
    industry: Mapped[str | None] = mapped_column()
    size: Mapped[str | None] = mapped_column()
    created_by: Mapped[uuid.UUID] = mapped_column(index=True, info=loose_reference("auth.users.id"))
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
    deleted_at: Mapped[datetime | None] = mapped_column()


class OrganizationSettings(Base):
    """How an organization has set things up: one row each."""

    __tablename__ = "organization_settings"
    __table_args__ = HERE

    organization_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("organization.organizations.id", ondelete="CASCADE"), primary_key=True
    )
    config: Mapped[Document | None] = mapped_column()
    authorized_signers: Mapped[Texts | None] = mapped_column()
    onboarding_completed: Mapped[bool] = mapped_column(server_default=false())
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
