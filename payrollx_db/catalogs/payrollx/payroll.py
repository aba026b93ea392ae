"""The payroll service: what is due to whom, in which run, and when the next run comes."""

import uuid
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Table, text, true
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.payrollx.base import CATALOG, Base, Created, Key, Money, Updated, labels, metadata
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service, loose_reference

service = Service("payroll", schema="payroll", role="payrollx_payroll")


class PayrollFacade(Facade):
    """The service's tables, by name."""

    payroll_runs: Table
    payroll_items: Table
    payroll_schedules: Table


db = PayrollFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class PayrollStatus(StrEnum):
    """How far a run, or one item of it, has come."""

    DRAFT = "DRAFT"
    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


payroll_status = labels("payroll_status", "payroll", PayrollStatus)


class PayrollRun(Base):
    """One payday of an organization."""

    __tablename__ = "payroll_runs"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    organization_id: Mapped[uuid.UUID] = mapped_column(
        index=True, info=loose_reference("organization.organizations.id")
    )
    status: Mapped[PayrollStatus] = mapped_column(payroll_status, server_default="DRAFT", index=True)
    scheduled_date: Mapped[datetime] = mapped_column()
    period_start: Mapped[date | None] = mapped_column()
    period_end: Mapped[date | None] = mapped_column()
    total_amount: Mapped[Money] = mapped_column()
    currency: Mapped[str] = mapped_column(server_default="SOL")
    created_by: Mapped[uuid.UUID] = mapped_column(index=True, info=loose_reference("auth.users.id"))
    processed_at: Mapped[datetime | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
    deleted_at: Mapped[datetime | None] = mapped_column()


class PayrollItem(Base):
    """What one employee gets in a run."""

    __tablename__ = "payroll_items"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    payroll_run_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("payroll.payroll_runs.id", ondelete="RESTRICT"), index=True
    )
    employee_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("employee.employees.id", ondelete="RESTRICT"), index=True)
    amount: Mapped[Money] = mapped_column()
    currency: Mapped[str] = mapped_column(server_default="SOL")
    status: Mapped[PayrollStatus] = mapped_column(payroll_status, server_default="DRAFT", index=True)
    tx_signature: Mapped[str | None] = mapped_column()
    retry_count: Mapped[int] = mapped_column(server_default=text("0"))
    processed_at: Mapped[datetime | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
    deleted_at: Mapped[datetime | None] = mapped_column()


class PayrollSchedule(Base):
    """When an organization's runs are made: a cron expression, and the moment of the next one."""

    __tablename__ = "payroll_schedules"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    organization_id: Mapped[uuid.UUID] = mapped_column(
        index=True, info=loose_reference("organization.organizations.id")
    )
    cron: Mapped[str] = mapped_column()
    currency: Mapped[str] = mapped_column(server_default="SOL")
    is_active: Mapped[bool] = mapped_column(server_default=true())
    next_run_at: Mapped[datetime | None] = mapped_column(index=True)
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
