"""The sapiens service: tutoring, learning paths, questions and assessments."""

from datetime import datetime

from sqlalchemy import ForeignKey, Table, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from payrollx_db.catalogs.azora.base import CATALOG, Base, metadata
from payrollx_db.catalogs.columns import Created, Document, Key, Texts, Updated
from payrollx_db.facade.facade import Facade
from payrollx_db.model.catalog import Service, loose_reference

service = Service("sapiens", schema="sapiens", role="azora_sapiens", reads=("education.students",))


class SapiensFacade(Facade):
    """The service's tables, by name."""

    tutoring_sessions: Table
    messages: Table
    learning_insights: Table
    learning_paths: Table
    path_steps: Table
    questions: Table
    assessments: Table
    progress: Table
    student_profiles: Table


db = SapiensFacade(service, metadata=metadata, catalog=CATALOG)
HERE = {"schema": service.schema}


class TutoringSession(Base):
    """A lesson with the tutor."""

    __tablename__ = "tutoring_sessions"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    student_id: Mapped[str] = mapped_column(index=True, info=loose_reference("education.students.id"))
    course_id: Mapped[str | None] = mapped_column(index=True, info=loose_reference("education.courses.id"))
    topic: Mapped[str] = mapped_column()
    duration: Mapped[int] = mapped_column(server_default=text("0"))
    status: Mapped[str] = mapped_column(server_default="active")
    started_at: Mapped[Created] = mapped_column()
    ended_at: Mapped[datetime | None] = mapped_column()


class Message(Base):
    """What was said in a lesson."""

    __tablename__ = "messages"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    session_id: Mapped[str] = mapped_column(ForeignKey("sapiens.tutoring_sessions.id", ondelete="RESTRICT"), index=True)
    role: Mapped[str] = mapped_column()
    content: Mapped[str] = mapped_column()
    timestamp: Mapped[Created] = mapped_column()


class LearningInsight(Base):
    """What a lesson shows about its student."""

    __tablename__ = "learning_insights"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    session_id: Mapped[str] = mapped_column(ForeignKey("sapiens.tutoring_sessions.id", ondelete="RESTRICT"), index=True)
    student_id: Mapped[str] = mapped_column(index=True, info=loose_reference("education.students.id"))
    insight_type: Mapped[str] = mapped_column()
    description: Mapped[str] = mapped_column()
    confidence: Mapped[float] = mapped_column(server_default=text("0.5"))
    created_at: Mapped[Created] = mapped_column()


class LearningPath(Base):
    """The way of a student through a subject."""

    __tablename__ = "learning_paths"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    student_id: Mapped[str] = mapped_column(index=True, info=loose_reference("education.students.id"))
    subject: Mapped[str] = mapped_column(index=True)
    title: Mapped[str] = mapped_column()
    description: Mapped[str | None] = mapped_column()
    current_level: Mapped[str] = mapped_column()
    target_level: Mapped[str] = mapped_column()
    difficulty: Mapped[str] = mapped_column(server_default="beginner")
    estimated_hours: Mapped[int] = mapped_column()
    total_steps: Mapped[int] = mapped_column(server_default=text("0"))
    completed_steps: Mapped[int] = mapped_column(server_default=text("0"))
    status: Mapped[str] = mapped_column(server_default="active")
    milestones: Mapped[Document | None] = mapped_column()
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class PathStep(Base):
    """A step of a path, at its place in the order."""

    __tablename__ = "path_steps"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    path_id: Mapped[str] = mapped_column(ForeignKey("sapiens.learning_paths.id", ondelete="CASCADE"), index=True)
    order: Mapped[int] = mapped_column(index=True)
    title: Mapped[str] = mapped_column()
    description: Mapped[str] = mapped_column()
    estimated_hours: Mapped[float] = mapped_column()
    resources: Mapped[Document] = mapped_column()
    assessment_criteria: Mapped[Document] = mapped_column()
    completed: Mapped[bool] = mapped_column(server_default=false())
    completed_at: Mapped[datetime | None] = mapped_column()


class Question(Base):
    """What a student asked, and the answer."""

    __tablename__ = "questions"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    student_id: Mapped[str] = mapped_column(index=True, info=loose_reference("education.students.id"))
    question: Mapped[str] = mapped_column()
    answer: Mapped[str | None] = mapped_column()
    topic: Mapped[str | None] = mapped_column(index=True)
    difficulty: Mapped[str | None] = mapped_column()
    asked_at: Mapped[Created] = mapped_column()
    answered_at: Mapped[datetime | None] = mapped_column()


class Assessment(Base):
    """A test that a student takes, with its questions."""

    __tablename__ = "assessments"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    student_id: Mapped[str] = mapped_column(index=True, info=loose_reference("education.students.id"))
    path_id: Mapped[str | None] = mapped_column(index=True, info=loose_reference("sapiens.learning_paths.id"))
    type: Mapped[str] = mapped_column()
    subject: Mapped[str] = mapped_column(index=True)
    questions: Mapped[Document] = mapped_column()
    answers: Mapped[Document | None] = mapped_column()
    score: Mapped[float | None] = mapped_column()
    max_score: Mapped[float] = mapped_column()
    passed: Mapped[bool] = mapped_column(server_default=false())
    difficulty: Mapped[str] = mapped_column()
    time_spent: Mapped[int | None] = mapped_column()
    started_at: Mapped[Created] = mapped_column()
    completed_at: Mapped[datetime | None] = mapped_column()


class Progress(Base):
    """How far a student has come on a path."""

    __tablename__ = "progress"
    __table_args__ = (UniqueConstraint("student_id", "path_id"), HERE)

    id: Mapped[Key] = mapped_column()
    student_id: Mapped[str] = mapped_column(index=True, info=loose_reference("education.students.id"))
    path_id: Mapped[str] = mapped_column(ForeignKey("sapiens.learning_paths.id", ondelete="CASCADE"), index=True)
    subject: Mapped[str] = mapped_column()
    current_step: Mapped[int] = mapped_column(server_default=text("0"))
    total_steps: Mapped[int] = mapped_column()
    completion_rate: Mapped[float] = mapped_column(server_default=text("0"))
    time_spent: Mapped[int] = mapped_column(server_default=text("0"))
    last_activity: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()


class StudentProfile(Base):
    """How a student learns. ``metadata_`` is the column ``metadata``."""

    __tablename__ = "student_profiles"
    __table_args__ = HERE

    id: Mapped[Key] = mapped_column()
    student_id: Mapped[str] = mapped_column(ForeignKey("education.students.id", ondelete="RESTRICT"), unique=True)
    learning_style: Mapped[str | None] = mapped_column()
    strengths: Mapped[Texts | None] = mapped_column()
    weaknesses: Mapped[Texts | None] = mapped_column()
    interests: Mapped[Texts | None] = mapped_column()
    goals: Mapped[Document | None] = mapped_column()
    metadata_: Mapped[Document | None] = mapped_column("metadata")
    created_at: Mapped[Created] = mapped_column()
    updated_at: Mapped[Updated] = mapped_column()
