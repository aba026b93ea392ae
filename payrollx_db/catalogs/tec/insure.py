"""The domain insure, of the sector insurance."""

from datetime import datetime

from sqlalchemy import ForeignKey, Table, false
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.columns import Created, Document, Key, Updated
from payrollx_db.catalogs.tec.base import CATALOG, Base, Money, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service, loose_reference

service = Service("insure", schema="insure", role="tec_insure", reads=("shared.users", "shared.payments"))


class InsureFacade(Facade):
    """The service's tables, by name."""

    policies: Table
    claims: Table
    coverages: Table
    premiums: Table
    beneficiaries: Table


db = InsureFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class Policy(Base):
    """An insurance of a user. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "policies"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(index=True, info=loose_reference("shared.users.id"))
    policy_number: Mapped[str] = mapped_column(unique=True)
    policy_type: Mapped[str] = mapped_column(index=True)  # one of LIFE, HEALTH, AUTO, HOME, BUSINESS
    provider: Mapped[str] = mapped_column()
    premium: Mapped[Money] = mapped_column()
    coverage: Mapped[Money] = mapped_column()
    currency: Mapped[str] = mapped_column(server_default="PI")
    status: Mapped[str] = mapped_column(server_default="ACTIVE", index=True)
    start_date: Mapped[datetime] = mapped_column()
    end_date: Mapped[datetime] = mapped_column()
    renewal_date: Mapped[datetime | None] = mapped_column()
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Claim(Base):
    """What a policy is to pay for, and whether it does."""

    __tablename__ = "claims"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    policy_id: Mapped[str] = mapped_column(ForeignKey("insure.policies.id", ondelete="CASCADE"), index=True)
    claim_number: Mapped[str] = mapped_column(unique=True)
    claim_type: Mapped[str] = mapped_column()  # one of MEDICAL, ACCIDENT, THEFT, DAMAGE, LIABILITY
    amount: Mapped[Money] = mapped_column()
    approved_amount: Mapped[Money | None] = mapped_column()
    currency: Mapped[str] = mapped_column(server_default="PI")
    status: Mapped[str] = mapped_column(server_default="PENDING", index=True)
    incident_date: Mapped[datetime] = mapped_column()
    filed_date: Mapped[Created] = mapped_column()
    settled_date: Mapped[datetime | None] = mapped_column()
    description: Mapped[str] = mapped_column()
    evidence: Mapped[Document | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Coverage(Base):
    """What a policy covers, up to which limit."""

    __tablename__ = "coverages"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    policy_id: Mapped[str] = mapped_column(ForeignKey("insure.policies.id", ondelete="CASCADE"), index=True)
    coverage_type: Mapped[str] = mapped_column(index=True)  # one of MEDICAL, DENTAL, VISION, COLLISION, COMPREHENSIVE
    coverage_limit: Mapped[Money] = mapped_column()
    deductible: Mapped[Money] = mapped_column()
    copay: Mapped[Money | None] = mapped_column()
    currency: Mapped[str] = mapped_column(server_default="PI")
    details: Mapped[Document | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Premium(Base):
    """What a policy costs, and when it is due."""

    __tablename__ = "premiums"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    policy_id: Mapped[str] = mapped_column(ForeignKey("insure.policies.id", ondelete="CASCADE"), index=True)
    amount: Mapped[Money] = mapped_column()
    currency: Mapped[str] = mapped_column(server_default="PI")
    due_date: Mapped[datetime] = mapped_column(index=True)
    paid_date: Mapped[datetime | None] = mapped_column()
    status: Mapped[str] = mapped_column(server_default="PENDING", index=True)
    payment_method: Mapped[str | None] = mapped_column()
    transaction_id: Mapped[str | None] = mapped_column(index=True, info=loose_reference("shared.payments.id"))
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Beneficiary(Base):
    """Who gets what a policy pays."""

    __tablename__ = "beneficiaries"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    policy_id: Mapped[str] = mapped_column(ForeignKey("insure.policies.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column()
    relationship: Mapped[str] = mapped_column()  # one of SPOUSE, CHILD, PARENT, SIBLING, OTHER
    percentage: Mapped[float] = mapped_column()
    contact_info: Mapped[Document | None] = mapped_column()
    is_primary: Mapped[bool] = mapped_column(server_default=false())
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
