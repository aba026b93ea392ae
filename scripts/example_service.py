"""A short day of a payroll, with the facades: sign up, hire, pay in one transaction, report, and meet the wall.

    payrollx-db dev up && eval "$(payrollx-db dev env)" && payrollx-db migrate
    python scripts/example_service.py

It writes into the database of DATABASE_URL, which must be migrated, and may be run again.
"""

import uuid
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import func, select

from payrollx_db import auth, employee, organization, payroll, unified, wallet
from payrollx_db.errors import BoundaryError


def main() -> None:
    """Play the day."""
    person = sign_up(f"{uuid.uuid4().hex[:8]}@example.org")
    hired = hire(person)
    pay(hired, Decimal("2500.00"))
    report(hired)
    meet_the_wall()


def sign_up(email: str) -> auth.User:
    """Write a user: one service, one transaction."""
    with auth.db.session() as session:
        hashed = uuid.uuid4().hex  # a real service hashes what the person typed
        user = auth.User(email=email, password=hashed, first_name="Ada", last_name="Berg")
        session.add(user)
    print(f"auth knows {user.email}")
    return user


def hire(user: auth.User) -> employee.Employee:
    """Write an organization and its employee together: two services, one transaction."""
    with unified.transaction(organization, employee) as tx:
        firm = organization.Organization(name=f"Alpenglow {user.id.hex[:8]}", created_by=user.id)
        tx.organization.add(firm)
        tx.organization.flush()
        hired = employee.Employee(organization_id=firm.id, user_id=user.id, salary=Decimal(2500))
        tx.employee.add(hired)
    print(f"employee has hired {user.first_name} at {firm.name}")
    return hired


def pay(hired: employee.Employee, amount: Decimal) -> None:
    """Write a run, its item and the wallet's booking: all of it, or nothing."""
    with unified.transaction(payroll, wallet) as tx:
        purse = wallet.Wallet(employee_id=hired.id, public_key=uuid.uuid4().hex, created_by=hired.user_id)
        tx.wallet.add(purse)
        run = payroll.PayrollRun(
            organization_id=hired.organization_id,
            scheduled_date=datetime.now(UTC),
            total_amount=amount,
            created_by=hired.user_id,
        )
        tx.payroll.add(run)
        tx.payroll.flush()
        tx.payroll.add(payroll.PayrollItem(payroll_run_id=run.id, employee_id=hired.id, amount=amount))
        tx.wallet.flush()
        incoming = wallet.TransactionDirection.INCOMING
        booking = wallet.WalletTransaction(wallet_id=purse.id, direction=incoming, amount=amount, currency="SOL")
        tx.wallet.add(booking)
    print(f"payroll and wallet agree on {amount}")


def report(hired: employee.Employee) -> None:
    """Read across all services, in one query and one snapshot."""
    paid = (
        select(organization.Organization.name, func.sum(payroll.PayrollItem.amount))
        .join(employee.Employee, employee.Employee.organization_id == organization.Organization.id)
        .join(payroll.PayrollItem, payroll.PayrollItem.employee_id == employee.Employee.id)
        .where(employee.Employee.id == hired.id)
        .group_by(organization.Organization.name)
    )
    with unified.reader.session() as session:
        for name, amount in session.execute(paid):
            print(f"the reader sees that {name} has paid {amount:.2f}")


def meet_the_wall() -> None:
    """Reach for what another service owns."""
    try:
        with auth.db.session() as session:
            session.scalars(select(wallet.Wallet)).all()
    except BoundaryError as error:
        print(f"refused: {error}")


if __name__ == "__main__":
    main()
