"""The employee service: who works where, their salary, and the papers that prove who they are."""

import uuid
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Table, true
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.payrollx.base import CATALOG, Base, Created, Document, Key, Money, Updated, labels, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service

service = Service("employee", schema="employee", role="payrollx_employee")


class EmployeeFacade(Facade):
    """The service's tables, by name."""

    employees: Table
    employee_documents: Table


db = EmployeeFacade(service, metadata=metadata, catalog=CATALOG)
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

    id: Mapped[Key] = mapped_column()
    organization_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("organization.organizations.id", ondelete="RESTRICT"), index=True
    )
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("auth.users.id", ondelete="RESTRICT"), unique=True)
    wallet_address: Mapped[str | None] = mapped_column()
    kyc_status: Mapped[KycStatus] = mapped_column(kyc_status, server_default="PENDING")
    kyc_documents: Mapped[Document | None] = mapped_column()
    salary: Mapped[Money | None] = mapped_column()
    payment_token: Mapped[str | None] = mapped_column()
    position: Mapped[str | None] = mapped_column()
    department: Mapped[str | None] = mapped_column()
    start_date: Mapped[date | None] = mapped_column()
    end_date: Mapped[date | None] = mapped_column()
    is_active: Mapped[bool] = mapped_column(server_default=true())
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
    deleted_at: Mapped[datetime | None] = mapped_column()


class EmployeeDocument(Base):
    """A file that an employee handed in; the file itself lies at ``storage_uri``."""

    __tablename__ = "employee_documents"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    employee_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("employee.employees.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column()
    storage_uri: Mapped[str] = mapped_column()
    sha256: Mapped[str] = mapped_column()
    uploaded_at: Mapped[Created] = mapped_column()
    verified_at: Mapped[datetime | None] = mapped_column()
