"""The employee service: who works where, their salary, and the papers that prove who they are."""

import uuid
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, true
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.payrollx.base import CATALOG, Base, Created, Document, Key, Money, Updated, labels, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service

service = Service("employee", schema="employee", role="payrollx_employee")
db = Facade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class KycStatus(StrEnum):
    """How far the check of someone's identity has come."""

    PENDING = "PENDING"
    VERIFIED = "VERIFIED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    UNDER_REVIEW = "UNDER_REVIEW"


kyc_status = labels("kyc_status", "employee", KycStatus)


class Employee(Base):
    """A user's employment by an organization."""

    __tablename__ = "employees"
    __table_args__ = HERE

    id: Mapped[Key]
    organization_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("organization.organizations.id", ondelete="RESTRICT"), index=True
    )
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("auth.users.id", ondelete="RESTRICT"), unique=True)
    wallet_address: Mapped[str | None]
    kyc_status: Mapped[KycStatus] = mapped_column(kyc_status, server_default="PENDING")
    kyc_documents: Mapped[Document | None]
    salary: Mapped[Money | None]
    payment_token: Mapped[str | None]
    position: Mapped[str | None]
    department: Mapped[str | None]
    start_date: Mapped[date | None]
    end_date: Mapped[date | None]
    is_active: Mapped[bool] = mapped_column(server_default=true())
    created_at: Mapped[Created]
    updated_at: Mapped[Updated]
    deleted_at: Mapped[datetime | None]


class EmployeeDocument(Base):
    """A file that an employee handed in; the file itself lies at ``storage_uri``."""

    __tablename__ = "employee_documents"
    __table_args__ = HERE

    id: Mapped[Key]
    employee_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("employee.employees.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    storage_uri: Mapped[str]
    sha256: Mapped[str]
    uploaded_at: Mapped[Created]
    verified_at: Mapped[datetime | None]
