"""The tables of the service sapiens, and the schema that holds them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from payrollx_db.schema import ddl, foreign_keys

revision = "sapiens_0001"
down_revision = None
branch_labels = ("sapiens",)
depends_on = None


def upgrade() -> None:
    ddl.begin_service("sapiens")
    _assessments()
    _learning_paths()
    _questions()
    _tutoring_sessions()
    _learning_insights()
    _messages()
    _path_steps()
    _progress()
    _student_profiles()


def downgrade() -> None:
    foreign_keys.loosen("sapiens")
    op.drop_table("student_profiles", schema="sapiens")
    op.drop_table("progress", schema="sapiens")
    op.drop_table("path_steps", schema="sapiens")
    op.drop_table("messages", schema="sapiens")
    op.drop_table("learning_insights", schema="sapiens")
    op.drop_table("tutoring_sessions", schema="sapiens")
    op.drop_table("questions", schema="sapiens")
    op.drop_table("learning_paths", schema="sapiens")
    op.drop_table("assessments", schema="sapiens")
    ddl.end_service("sapiens")


def _assessments() -> None:
    op.create_table(
        "assessments",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("student_id", sa.Text(), nullable=False),
        sa.Column("path_id", sa.Text(), nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("questions", postgresql.JSONB(), nullable=False),
        sa.Column("answers", postgresql.JSONB(), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("max_score", sa.Double(), nullable=False),
        sa.Column("passed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("difficulty", sa.Text(), nullable=False),
        sa.Column("time_spent", sa.Integer(), nullable=True),
        sa.Column(
            "started_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("completed_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessments")),
        schema="sapiens",
    )
    op.create_index(op.f("ix_assessments_path_id"), "assessments", ["path_id"], schema="sapiens")
    op.create_index(op.f("ix_assessments_student_id"), "assessments", ["student_id"], schema="sapiens")
    op.create_index(op.f("ix_assessments_subject"), "assessments", ["subject"], schema="sapiens")


def _learning_paths() -> None:
    op.create_table(
        "learning_paths",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("student_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("current_level", sa.Text(), nullable=False),
        sa.Column("target_level", sa.Text(), nullable=False),
        sa.Column("difficulty", sa.Text(), server_default="beginner", nullable=False),
        sa.Column("estimated_hours", sa.Integer(), nullable=False),
        sa.Column("total_steps", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("completed_steps", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("milestones", postgresql.JSONB(), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learning_paths")),
        schema="sapiens",
    )
    op.create_index(op.f("ix_learning_paths_student_id"), "learning_paths", ["student_id"], schema="sapiens")
    op.create_index(op.f("ix_learning_paths_subject"), "learning_paths", ["subject"], schema="sapiens")


def _questions() -> None:
    op.create_table(
        "questions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("student_id", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("topic", sa.Text(), nullable=True),
        sa.Column("difficulty", sa.Text(), nullable=True),
        sa.Column(
            "asked_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("answered_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questions")),
        schema="sapiens",
    )
    op.create_index(op.f("ix_questions_student_id"), "questions", ["student_id"], schema="sapiens")
    op.create_index(op.f("ix_questions_topic"), "questions", ["topic"], schema="sapiens")


def _tutoring_sessions() -> None:
    op.create_table(
        "tutoring_sessions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("student_id", sa.Text(), nullable=False),
        sa.Column("course_id", sa.Text(), nullable=True),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("duration", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column(
            "started_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("ended_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tutoring_sessions")),
        schema="sapiens",
    )
    op.create_index(op.f("ix_tutoring_sessions_course_id"), "tutoring_sessions", ["course_id"], schema="sapiens")
    op.create_index(op.f("ix_tutoring_sessions_student_id"), "tutoring_sessions", ["student_id"], schema="sapiens")


def _learning_insights() -> None:
    op.create_table(
        "learning_insights",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("student_id", sa.Text(), nullable=False),
        sa.Column("insight_type", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Double(), server_default=sa.text("0.5"), nullable=False),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["sapiens.tutoring_sessions.id"],
            name=op.f("fk_learning_insights_session_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learning_insights")),
        schema="sapiens",
    )
    op.create_index(op.f("ix_learning_insights_session_id"), "learning_insights", ["session_id"], schema="sapiens")
    op.create_index(op.f("ix_learning_insights_student_id"), "learning_insights", ["student_id"], schema="sapiens")


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column(
            "timestamp",
            postgresql.TIMESTAMP(timezone=True, precision=3),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sapiens.tutoring_sessions.id"], name=op.f("fk_messages_session_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        schema="sapiens",
    )
    op.create_index(op.f("ix_messages_session_id"), "messages", ["session_id"], schema="sapiens")


def _path_steps() -> None:
    op.create_table(
        "path_steps",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("path_id", sa.Text(), nullable=False),
        sa.Column("order", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("estimated_hours", sa.Double(), nullable=False),
        sa.Column("resources", postgresql.JSONB(), nullable=False),
        sa.Column("assessment_criteria", postgresql.JSONB(), nullable=False),
        sa.Column("completed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("completed_at", postgresql.TIMESTAMP(timezone=True, precision=3), nullable=True),
        sa.ForeignKeyConstraint(
            ["path_id"], ["sapiens.learning_paths.id"], name=op.f("fk_path_steps_path_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_path_steps")),
        schema="sapiens",
    )
    op.create_index(op.f("ix_path_steps_order"), "path_steps", ["order"], schema="sapiens")
    op.create_index(op.f("ix_path_steps_path_id"), "path_steps", ["path_id"], schema="sapiens")


def _progress() -> None:
    op.create_table(
        "progress",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("student_id", sa.Text(), nullable=False),
        sa.Column("path_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("current_step", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("total_steps", sa.Integer(), nullable=False),
        sa.Column("completion_rate", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("time_spent", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "last_activity",
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
            ["path_id"], ["sapiens.learning_paths.id"], name=op.f("fk_progress_path_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_progress")),
        sa.UniqueConstraint("student_id", "path_id", name=op.f("uq_progress_student_id_path_id")),
        schema="sapiens",
    )
    op.create_index(op.f("ix_progress_path_id"), "progress", ["path_id"], schema="sapiens")
    op.create_index(op.f("ix_progress_student_id"), "progress", ["student_id"], schema="sapiens")


def _student_profiles() -> None:
    op.create_table(
        "student_profiles",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("student_id", sa.Text(), nullable=False),
        sa.Column("learning_style", sa.Text(), nullable=True),
        sa.Column("strengths", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("weaknesses", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("interests", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("goals", postgresql.JSONB(), nullable=True),
        sa.Column("metadata", postgresql.JSONB(), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_student_profiles")),
        sa.UniqueConstraint("student_id", name=op.f("uq_student_profiles_student_id")),
        schema="sapiens",
    )
