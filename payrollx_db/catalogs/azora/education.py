"""The education service: students, courses and what is learned in them, and what is paid for it."""

from datetime import datetime

from sqlalchemy import ForeignKey, Table, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.azora.base import CATALOG, Base, Money, metadata
from payrollx_db.catalogs.columns import Created, Document, Key, Updated
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service, loose_reference
from payrollx_db.model.reading import marked, readable

service = Service("education", schema="education", role="azora_education", reads=("auth.users",))


class EducationFacade(Facade):
    """The service's tables, by name."""

    students: Table
    courses: Table
    modules: Table
    enrollments: Table
    learning_progress: Table
    assessment_submissions: Table
    wallets: Table
    transactions: Table


db = EducationFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class Student(Base):
    """A user who learns. Name and e-mail repeat what auth has."""

    __tablename__ = "students"
    __table_args__ = HERE | marked(readable("id", "user_id", "first_name", "last_name"))

    id: Mapped[Key] = mapped_column()
    user_id: Mapped[str] = mapped_column(ForeignKey("auth.users.id", ondelete="RESTRICT"), unique=True)
    first_name: Mapped[str] = mapped_column()
    last_name: Mapped[str] = mapped_column()
    email: Mapped[str] = mapped_column(unique=True)
    date_of_birth: Mapped[datetime | None] = mapped_column()
    grade: Mapped[str | None] = mapped_column()
    country: Mapped[str] = mapped_column(server_default="ZA")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
    deleted_at: Mapped[datetime | None] = mapped_column()


class Course(Base):
    """A course, by an educator, for a price."""

    __tablename__ = "courses"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    title: Mapped[str] = mapped_column()
    description: Mapped[str] = mapped_column()
    instructor_id: Mapped[str] = mapped_column(index=True, info=loose_reference("auth.users.id"))
    price: Mapped[Money] = mapped_column(server_default=text("0"))
    currency: Mapped[str] = mapped_column(server_default="AZR")
    duration: Mapped[int] = mapped_column()
    level: Mapped[str] = mapped_column()  # one of beginner, intermediate, advanced
    category: Mapped[str] = mapped_column(index=True)
    published: Mapped[bool] = mapped_column(server_default=false(), index=True)
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Module(Base):
    """A part of a course, at its place in the order."""

    __tablename__ = "modules"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    course_id: Mapped[str] = mapped_column(ForeignKey("education.courses.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column()
    description: Mapped[str | None] = mapped_column()
    order: Mapped[int] = mapped_column()
    content: Mapped[Document] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class Enrollment(Base):
    """That a student takes a course, and how far they have come."""

    __tablename__ = "enrollments"
    __table_args__ = (UniqueConstraint("student_id", "course_id"), HERE)

    id: Mapped[Key] = mapped_column()
    student_id: Mapped[str] = mapped_column(ForeignKey("education.students.id", ondelete="CASCADE"), index=True)
    course_id: Mapped[str] = mapped_column(ForeignKey("education.courses.id", ondelete="CASCADE"), index=True)
    status: Mapped[str] = mapped_column(server_default="active")  # one of active, completed, dropped
    progress: Mapped[float] = mapped_column(server_default=text("0"))
    enrolled_at: Mapped[Created] = mapped_column()
    completed_at: Mapped[datetime | None] = mapped_column()


class LearningProgress(Base):
    """How far a student has come in one module."""

    __tablename__ = "learning_progress"
    __table_args__ = (UniqueConstraint("student_id", "module_id"), HERE)

    id: Mapped[Key] = mapped_column()
    student_id: Mapped[str] = mapped_column(ForeignKey("education.students.id", ondelete="CASCADE"), index=True)
    module_id: Mapped[str] = mapped_column(ForeignKey("education.modules.id", ondelete="CASCADE"), index=True)
    completed: Mapped[bool] = mapped_column(server_default=false())
    time_spent: Mapped[int] = mapped_column(server_default=text("0"))
    score: Mapped[float | None] = mapped_column()
    started_at: Mapped[Created] = mapped_column()
    completed_at: Mapped[datetime | None] = mapped_column()


class AssessmentSubmission(Base):
    """What a student answered in an assessment of sapiens, and the score."""

    __tablename__ = "assessment_submissions"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    student_id: Mapped[str] = mapped_column(ForeignKey("education.students.id", ondelete="CASCADE"), index=True)
    assessment_id: Mapped[str] = mapped_column(index=True, info=loose_reference("sapiens.assessments.id"))
    answers: Mapped[Document] = mapped_column()
    score: Mapped[float] = mapped_column()
    passed: Mapped[bool] = mapped_column()
    feedback: Mapped[str | None] = mapped_column()
    submitted_at: Mapped[Created] = mapped_column()


class Wallet(Base):
    """What a student has to pay for courses with; another thing than mint's wallets."""

    __tablename__ = "wallets"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    student_id: Mapped[str] = mapped_column(ForeignKey("education.students.id", ondelete="CASCADE"), unique=True)
    balance: Mapped[Money] = mapped_column(server_default=text("0"))
    currency: Mapped[str] = mapped_column(server_default="AZR")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
    deleted_at: Mapped[datetime | None] = mapped_column()


class Transaction(Base):
    """A payment, an earning or a refund of such a wallet."""

    __tablename__ = "transactions"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    wallet_id: Mapped[str] = mapped_column(ForeignKey("education.wallets.id", ondelete="CASCADE"), index=True)
    type: Mapped[str] = mapped_column(index=True)  # one of payment, earning, refund
    amount: Mapped[Money] = mapped_column()
    currency: Mapped[str] = mapped_column(server_default="AZR")
    description: Mapped[str] = mapped_column()
    reference: Mapped[str | None] = mapped_column()  # one of courseId, jobId
    status: Mapped[str] = mapped_column(server_default="completed")
    created_at: Mapped[Created] = mapped_column()
