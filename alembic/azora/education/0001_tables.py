"""The tables of the service education, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "education_0001"
down_revision = None
branch_labels = ("education",)
depends_on = None


def upgrade() -> None:
    ddl.begin_service("education")
    _courses()
    _modules()
    _students()
    _assessment_submissions()
    _enrollments()
    _learning_progress()
    _wallets()
    _transactions()


def downgrade() -> None:
    foreign_keys.loosen("education")
    op.drop_table("transactions", schema="education")
    op.drop_table("wallets", schema="education")
    op.drop_table("learning_progress", schema="education")
    op.drop_table("enrollments", schema="education")
    op.drop_table("assessment_submissions", schema="education")
    op.drop_table("students", schema="education")
    op.drop_table("modules", schema="education")
    op.drop_table("courses", schema="education")
    ddl.end_service("education")


def _courses() -> None:
    op.create_table(
        "courses",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("instructor_id", sa.Text(), nullable=False),
        sa.Column("price", sa.Numeric(precision=18, scale=8), server_default=sa.text("0"), nullable=False),
        sa.Column("currency", sa.Text(), server_default="AZR", nullable=False),
        sa.Column("duration", sa.Integer(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("published", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_courses")),
        schema="education",
    )
    op.create_index(op.f("ix_courses_category"), "courses", ["category"], schema="education")
    op.create_index(op.f("ix_courses_instructor_id"), "courses", ["instructor_id"], schema="education")
    op.create_index(op.f("ix_courses_published"), "courses", ["published"], schema="education")


def _modules() -> None:
    op.create_table(
        "modules",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("course_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("order", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["course_id"], ["education.courses.id"], name=op.f("fk_modules_course_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_modules")),
        schema="education",
    )
    op.create_index(op.f("ix_modules_course_id"), "modules", ["course_id"], schema="education")


def _students() -> None:
    op.create_table(
        "students",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("date_of_birth", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.Column("grade", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), server_default="ZA", nullable=False),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("deleted_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_students")),
        sa.UniqueConstraint("email", name=op.f("uq_students_email")),
        sa.UniqueConstraint("user_id", name=op.f("uq_students_user_id")),
        schema="education",
    )


def _assessment_submissions() -> None:
    op.create_table(
        "assessment_submissions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("student_id", sa.Text(), nullable=False),
        sa.Column("assessment_id", sa.Text(), nullable=False),
        sa.Column("answers", postgresql.JSONB(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("feedback", sa.Text(), nullable=True),
        sa.Column(
            "submitted_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["student_id"],
            ["education.students.id"],
            name=op.f("fk_assessment_submissions_student_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment_submissions")),
        schema="education",
    )
    op.create_index(
        op.f("ix_assessment_submissions_assessment_id"), "assessment_submissions", ["assessment_id"], schema="education"
    )
    op.create_index(
        op.f("ix_assessment_submissions_student_id"), "assessment_submissions", ["student_id"], schema="education"
    )


def _enrollments() -> None:
    op.create_table(
        "enrollments",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("student_id", sa.Text(), nullable=False),
        sa.Column("course_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("progress", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "enrolled_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("completed_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.ForeignKeyConstraint(
            ["course_id"], ["education.courses.id"], name=op.f("fk_enrollments_course_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["student_id"], ["education.students.id"], name=op.f("fk_enrollments_student_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrollments")),
        sa.UniqueConstraint("student_id", "course_id", name=op.f("uq_enrollments_student_id_course_id")),
        schema="education",
    )
    op.create_index(op.f("ix_enrollments_course_id"), "enrollments", ["course_id"], schema="education")
    op.create_index(op.f("ix_enrollments_student_id"), "enrollments", ["student_id"], schema="education")


def _learning_progress() -> None:
    op.create_table(
        "learning_progress",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("student_id", sa.Text(), nullable=False),
        sa.Column("module_id", sa.Text(), nullable=False),
        sa.Column("completed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("time_spent", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column(
            "started_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("completed_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.ForeignKeyConstraint(
            ["module_id"], ["education.modules.id"], name=op.f("fk_learning_progress_module_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["student_id"], ["education.students.id"], name=op.f("fk_learning_progress_student_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learning_progress")),
        sa.UniqueConstraint("student_id", "module_id", name=op.f("uq_learning_progress_student_id_module_id")),
        schema="education",
    )
    op.create_index(op.f("ix_learning_progress_module_id"), "learning_progress", ["module_id"], schema="education")
    op.create_index(op.f("ix_learning_progress_student_id"), "learning_progress", ["student_id"], schema="education")


def _wallets() -> None:
    op.create_table(
        "wallets",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("student_id", sa.Text(), nullable=False),
        sa.Column("balance", sa.Numeric(precision=18, scale=8), server_default=sa.text("0"), nullable=False),
        sa.Column("currency", sa.Text(), server_default="AZR", nullable=False),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("deleted_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.ForeignKeyConstraint(
            ["student_id"], ["education.students.id"], name=op.f("fk_wallets_student_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wallets")),
        sa.UniqueConstraint("student_id", name=op.f("uq_wallets_student_id")),
        schema="education",
    )


def _transactions() -> None:
    op.create_table(
        "transactions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("wallet_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=8), nullable=False),
        sa.Column("currency", sa.Text(), server_default="AZR", nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="completed", nullable=False),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["wallet_id"], ["education.wallets.id"], name=op.f("fk_transactions_wallet_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transactions")),
        schema="education",
    )
    op.create_index(op.f("ix_transactions_type"), "transactions", ["type"], schema="education")
    op.create_index(op.f("ix_transactions_wallet_id"), "transactions", ["wallet_id"], schema="education")
