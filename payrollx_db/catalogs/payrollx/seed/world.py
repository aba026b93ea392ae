"""Who and what there is: organizations, their people, and their paydays. Pure data; `rows` makes rows of it.

Everything is dated from one fixed day, so that every run makes the same rows and examples may quote them.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

TODAY = date(2025, 6, 30)
PASSWORD = "payrollx-demo"  # noqa: S105 - known to everyone, on purpose: these logins are for trying things out


def at(day: date, hour: int = 9, minute: int = 0) -> datetime:
    """Return a moment of ``day``, in UTC."""
    return datetime.combine(day, time(hour, minute), UTC)


def month(day: date) -> tuple[date, date]:
    """Return the first and the last day of the month of ``day``."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


@dataclass(frozen=True)
class Company:
    """An organization; ``currency`` is what it pays in, ``owner`` the e-mail of who made it."""

    name: str
    industry: str
    size: str
    domain: str
    address: str
    currency: str
    owner: str
    founded: date
    onboarded: bool = True


@dataclass(frozen=True)
class Person:
    """Someone who logs in; with a ``position``, an employee who is paid ``salary`` a month."""

    email: str
    first_name: str
    last_name: str
    role: str
    company: str = ""
    position: str = ""
    department: str = ""
    salary: Decimal = Decimal(0)
    since: date = date(2024, 9, 1)
    until: date | None = None
    kyc: str = "APPROVED"

    @property
    def is_employed(self) -> bool:
        """Whether they are paid, or were."""
        return bool(self.position)


@dataclass(frozen=True)
class Payday:
    """A run of a company for the month of ``day``, how far it has come, and whose payment failed, by e-mail."""

    company: str
    day: date
    status: str
    failed: str = ""


COMPANIES = (
    Company(
        "Alpenglow Labs", "Software", "11-50", "alpenglow.example", "Bahnhofstrasse 7, 8001 Zürich", "SOL",
        "ada@alpenglow.example", date(2024, 8, 12),
    ),
    Company(
        "Harbour & Finch Ltd", "Design", "1-10", "harbourfinch.example", "3 Quay Street, Bristol BS1 4RW", "USDC",
        "olive@harbourfinch.example", date(2024, 11, 4),
    ),
    Company(
        "Kestrel Coöperatie", "Logistics", "51-200", "kestrel.example", "Waalhaven 12, 3089 JK Rotterdam", "SOL",
        "joost@kestrel.example", date(2025, 6, 23), onboarded=False,
    ),
)  # fmt: skip

ALPENGLOW, HARBOUR, KESTREL = (company.name for company in COMPANIES)

PEOPLE = (
    Person("root@payrollx.example", "Sam", "Oduya", "SUPER_ADMIN"),
    Person("ada@alpenglow.example", "Ada", "Brunner", "ORG_ADMIN", ALPENGLOW),
    Person("lena@alpenglow.example", "Lena", "Okafor", "HR_MANAGER", ALPENGLOW,
           "Head of People", "People", Decimal("41.5"), date(2024, 9, 1)),
    Person("mateo@alpenglow.example", "Mateo", "Rossi", "EMPLOYEE", ALPENGLOW,
           "Backend Engineer", "Engineering", Decimal("52.25"), date(2024, 9, 1)),
    Person("yuki@alpenglow.example", "Yuki", "Tanaka", "EMPLOYEE", ALPENGLOW,
           "Frontend Engineer", "Engineering", Decimal("48.000000001"), date(2024, 10, 15)),
    Person("noor@alpenglow.example", "Noor", "Haddad", "EMPLOYEE", ALPENGLOW,
           "Site Reliability Engineer", "Engineering", Decimal(55), date(2025, 1, 6)),
    Person("emil@alpenglow.example", "Emil", "Nyström", "EMPLOYEE", ALPENGLOW,
           "Data Analyst", "Finance", Decimal("39.75"), date(2024, 9, 1), date(2025, 4, 30)),
    Person("priya@alpenglow.example", "Priya", "Raman", "EMPLOYEE", ALPENGLOW,
           "Support Engineer", "Support", Decimal("33.125"), date(2025, 6, 2), None, "UNDER_REVIEW"),
    Person("olive@harbourfinch.example", "Olive", "Finch", "ORG_ADMIN", HARBOUR,
           "Managing Director", "Board", Decimal(6200), date(2024, 11, 4)),
    Person("tom@harbourfinch.example", "Tom", "Ashby", "HR_MANAGER", HARBOUR,
           "Office Manager", "Operations", Decimal("3150.5"), date(2024, 11, 18)),
    Person("grace@harbourfinch.example", "Grace", "Mensah", "EMPLOYEE", HARBOUR,
           "Product Designer", "Studio", Decimal(4300), date(2024, 12, 2)),
    Person("ivo@harbourfinch.example", "Ivo", "Petrov", "EMPLOYEE", HARBOUR,
           "Illustrator", "Studio", Decimal("3875.25"), date(2025, 2, 3)),
    Person("joost@kestrel.example", "Joost", "van Dijk", "ORG_ADMIN", KESTREL),
    Person("fleur@kestrel.example", "Fleur", "Bakker", "EMPLOYEE", KESTREL,
           "Dispatcher", "Operations", Decimal("28.4"), date(2025, 6, 23), None, "PENDING"),
)  # fmt: skip

PAYDAYS = (
    Payday(ALPENGLOW, date(2025, 4, 30), "COMPLETED"),
    Payday(ALPENGLOW, date(2025, 5, 30), "COMPLETED"),
    Payday(ALPENGLOW, date(2025, 6, 30), "PROCESSING", failed="noor@alpenglow.example"),
    Payday(ALPENGLOW, date(2025, 7, 31), "DRAFT"),
    Payday(HARBOUR, date(2025, 5, 30), "COMPLETED"),
    Payday(HARBOUR, date(2025, 6, 30), "PENDING"),
)

# One login of each role, for people to try; all others have the same password.
KNOWN = ("root@payrollx.example", "ada@alpenglow.example", "lena@alpenglow.example", "mateo@alpenglow.example")
