"""Azora's seed: the rows that its own set-up makes, the same every time.

Three users who may log in, what they learn, earn and work on, and three members of the family of assistants. Keys are
made of what a row is about, so that a second call meets the first one's rows. Everything is dated from one fixed day.
"""

import hashlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Table, select

from payrollx_db.catalogs.azora import ai_family, auth, education, forge, mint, sapiens
from payrollx_db.model.catalog import Service
from payrollx_db.schema.seed import Seed, SeedRows

NOW = datetime(2025, 11, 15, 8, tzinfo=UTC)
PASSWORD = "Azora2025!"  # noqa: S105 - known to everyone, on purpose: these logins are for trying things out
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://azora.example/seed")
BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
CUID_LETTERS = 24  # after its c

Row = dict[str, Any]


@dataclass(frozen=True)
class Person:
    """Someone who may log in; ``hashed`` is their password's bcrypt hash."""

    email: str
    name: str
    role: str
    town: str
    hashed: str

    @property
    def id(self) -> str:
        """The user's key."""
        return cuid("user", self.email)


def cuid(kind: str, *what: object) -> str:
    """Return the key of the row that is ``kind`` and about ``what``, in the form of a cuid."""
    number = int.from_bytes(hashlib.sha256(":".join((kind, *map(str, what))).encode()).digest())
    letters = []
    for _ in range(CUID_LETTERS):
        number, digit = divmod(number, len(BASE36))
        letters.append(BASE36[digit])
    return "c" + "".join(letters)


def uuid_text(kind: str, *what: object) -> str:
    """Return the same for the services whose keys are UUIDs."""
    return str(uuid.uuid5(NAMESPACE, ":".join((kind, *map(str, what)))))


STUDENT = Person(
    "student@azora.world", "Themba Ndlovu", "student", "Johannesburg",
    "$2b$10$AzoraSeedStudentSaltS.oByIC37uWNiA9zcewCanZWfmM07pcwG",
)  # fmt: skip
EDUCATOR = Person(
    "educator@azora.world", "Dr. Naledi Khumalo", "educator", "Cape Town",
    "$2b$10$AzoraSeedEducatorSalt.DAnQpme5TUbTd7hkfCZtiSUhRiDRAA2",
)  # fmt: skip
EMPLOYER = Person(
    "employer@azora.world", "Kofi Mensah", "employer", "Lagos",
    "$2b$10$AzoraSeedEmployerSalt.ohn64EQK5Ol1gX1hV9qcDJMFg5oxiLK",
)  # fmt: skip
PEOPLE = (STUDENT, EDUCATOR, EMPLOYER)

LEARNER = cuid("student", STUDENT.email)
PYTHON, REACT = cuid("course", "python"), cuid("course", "react")
PATH, LESSON = uuid_text("path", "python"), uuid_text("lesson", "python basics")

STEPS = ("Python Basics", "Data Structures", "Functions and Modules", "Object-Oriented Programming", "Final Project")
FAMILY = (
    ("Elara", "mother and teacher", ("patient", "wise"), 0.8),
    ("Themba", "student success", ("eager", "friendly"), 0.9),
    ("Sankofa", "grandfather", ("calm", "thoughtful"), 0.7),
)
JOBS = (
    ("Build React Dashboard", Decimal(500), 30, ("React", "TypeScript"), "web"),
    ("Python Data Analysis Script", Decimal(200), 14, ("Python", "pandas"), "data"),
)


def _rows(service: Service) -> SeedRows:
    """Return the rows of one service: its tables in an order that foreign keys allow, each with its rows."""
    return list(MAKERS.get(service.name, _nothing)())


def _nothing() -> Iterator[tuple[Table, Sequence[Row]]]:
    yield from ()


def _auth() -> Iterator[tuple[Table, Sequence[Row]]]:
    yield auth.db.users, [
        _dated({"id": p.id, "email": p.email, "password": p.hashed, "name": p.name, "role": p.role,
                "is_email_verified": True})
        for p in PEOPLE
    ]  # fmt: skip
    yield (
        auth.db.user_profiles,
        [
            _dated(
                {"id": cuid("profile", p.email), "user_id": p.id, "location": p.town, "timezone": "Africa/Johannesburg"}
            )
            for p in PEOPLE
        ],
    )


def _education() -> Iterator[tuple[Table, Sequence[Row]]]:
    first, last = STUDENT.name.split()
    yield education.db.students, [
        _dated({"id": LEARNER, "user_id": STUDENT.id, "first_name": first, "last_name": last, "email": STUDENT.email,
                "grade": "12", "country": "ZA"})
    ]  # fmt: skip
    yield (
        education.db.courses,
        [
            _course(PYTHON, "Introduction to Python Programming", Decimal(100), 40, "beginner", "programming"),
            _course(REACT, "Web Development with React", Decimal(150), 60, "intermediate", "web"),
        ],
    )
    yield education.db.modules, [
        _module(number, course, title)
        for number, course, title in (
            (1, PYTHON, "Python Basics"), (2, PYTHON, "Control Flow"), (1, REACT, "Components and State"),
        )
    ]  # fmt: skip
    yield education.db.enrollments, [
        {"id": cuid("enrollment", PYTHON), "student_id": LEARNER, "course_id": PYTHON, "progress": 25.0,
         "enrolled_at": NOW}
    ]  # fmt: skip


def _mint() -> Iterator[tuple[Table, Sequence[Row]]]:
    yield mint.db.wallets, [
        _dated({"id": cuid("wallet", p.email), "user_id": p.id, "address": _address(p), "balance": Decimal(1000),
                "earned": Decimal(500)})
        for p in PEOPLE
    ]  # fmt: skip
    wallet = cuid("wallet", STUDENT.email)
    yield mint.db.transactions, [
        {"id": cuid("transaction", reason), "type": kind, "to_id": wallet, "amount": Decimal(amount), "reason": reason,
         "created_at": NOW}
        for kind, amount, reason in (("mint", 500, "Welcome bonus"), ("reward", 50, "Course completion"))
    ]  # fmt: skip


def _forge() -> Iterator[tuple[Table, Sequence[Row]]]:
    yield forge.db.jobs, [
        _dated({"id": cuid("job", title), "title": title, "description": f"{title}, in {days} days",
                "employer_id": EMPLOYER.id, "budget": budget, "skills": list(skills), "category": category,
                "deadline": NOW + timedelta(days=days)})
        for title, budget, days, skills, category in JOBS
    ]  # fmt: skip
    yield forge.db.skill_profiles, [
        _dated({"id": cuid("skills", STUDENT.email), "user_id": STUDENT.id, "skills": ["Python", "React"],
                "rating": Decimal("4.5"), "jobs_completed": 5, "total_earned": Decimal(1200)})
    ]  # fmt: skip


def _sapiens() -> Iterator[tuple[Table, Sequence[Row]]]:
    yield sapiens.db.tutoring_sessions, [
        {"id": LESSON, "student_id": LEARNER, "course_id": PYTHON, "topic": "Python Basics", "duration": 30,
         "started_at": NOW}
    ]  # fmt: skip
    yield (
        sapiens.db.messages,
        [
            {"id": uuid_text("message", role), "session_id": LESSON, "role": role, "content": content, "timestamp": NOW}
            for role, content in (("student", "What is a variable?"), ("tutor", "A name for a value. Try x = 5."))
        ],
    )
    yield sapiens.db.learning_paths, [
        _dated({"id": PATH, "student_id": LEARNER, "subject": "Python", "title": "Python Mastery Path",
                "current_level": "beginner", "target_level": "intermediate", "estimated_hours": 40,
                "total_steps": len(STEPS), "completed_steps": 1})
    ]  # fmt: skip
    yield sapiens.db.path_steps, [
        {"id": uuid_text("step", number), "path_id": PATH, "order": number, "title": title, "description": title,
         "estimated_hours": 8.0, "resources": [], "assessment_criteria": {}, "completed": number == 1,
         "completed_at": NOW if number == 1 else None}
        for number, title in enumerate(STEPS, 1)
    ]  # fmt: skip


def _ai_family() -> Iterator[tuple[Table, Sequence[Row]]]:
    yield ai_family.db.family_members, [
        _dated({"id": uuid_text("member", name), "name": name, "role": role, "traits": list(traits),
                "background": f"{name} of the Azora family", "relationships": {}, "temperature": temperature})
        for name, role, traits, temperature in FAMILY
    ]  # fmt: skip


def _course(key: str, title: str, price: Decimal, hours: int, level: str, category: str) -> Row:
    return _dated({
        "id": key, "title": title, "description": title, "instructor_id": EDUCATOR.id, "price": price,
        "duration": hours, "level": level, "category": category, "published": True,
    })  # fmt: skip


def _module(number: int, course: str, title: str) -> Row:
    return _dated({
        "id": cuid("module", course, title), "course_id": course, "title": title, "order": number,
        "content": {"kind": "text", "body": title},
    })  # fmt: skip


def _address(person: Person) -> str:
    return "0x" + hashlib.sha256(person.email.encode()).hexdigest()[:40]


def _dated(row: Row) -> Row:
    return {**row, "created_at": NOW, "updated_at": NOW}


MAKERS = {
    "auth": _auth, "education": _education, "mint": _mint, "forge": _forge, "sapiens": _sapiens,
    "ai_family": _ai_family,
}  # fmt: skip


def _other_users(opened: Connection, service: Service) -> str:
    """Say whether the database holds users of somebody's, next to whom logins that everyone knows would stand."""
    if service.name != auth.service.name:
        return ""
    users = auth.db.users
    other = opened.execute(select(users.c.id).where(users.c.id.not_in([p.id for p in PEOPLE])).limit(1)).first()
    return "other users than the seed's, whose password everyone knows" if other else ""


LOGINS: tuple[Mapping[str, str], ...] = tuple({"email": p.email, "role": p.role, "name": p.name} for p in PEOPLE)

SEED = Seed(_rows, LOGINS, PASSWORD, f"the password of all {len(PEOPLE)} users is {PASSWORD}", _other_users)
