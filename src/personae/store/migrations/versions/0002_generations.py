"""Generations, their drafts, and the answers that an unfinished one was given."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from personae.store.columns import Id, Json, Moment, Words

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "generations",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("project_id", Id, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("method", sa.String(length=100), nullable=False),
        sa.Column("makes", sa.String(length=20), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("seed", Id, nullable=False),
        sa.Column("options", Json, nullable=False),
        sa.Column("llm_config_id", Id, nullable=True),
        sa.Column("budget_usd", sa.Float(), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("task_id", sa.String(length=40), nullable=True),
        sa.Column("problem", Words, nullable=True),
        sa.Column("author", sa.String(length=340), nullable=False),
        sa.Column("made", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("failures", Json, nullable=False),
        sa.Column("usage", Json, nullable=False),
        sa.Column("told", Json, nullable=False),
        sa.Column("started_at", Moment, nullable=True),
        sa.Column("ended_at", Moment, nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_generations_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_generations")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_generations_project_id_id", "generations", ["project_id", "id"], unique=False)
    op.create_table(
        "drafts",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("generation_id", Id, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("record", Json, nullable=False),
        sa.Column("flags", Json, nullable=False),
        sa.Column("decisions", Json, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("held_by", sa.String(length=340), nullable=False),
        sa.Column("held_until", Moment, nullable=True),
        sa.Column("taken_id", Id, nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["generation_id"], ["generations.id"], name=op.f("fk_drafts_generation_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drafts")),
        sa.UniqueConstraint("generation_id", "key", name=op.f("uq_drafts_generation_id_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_drafts_generation_id_state_priority", "drafts", ["generation_id", "state", "priority"], unique=False
    )
    op.create_table(
        "draft_answers",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("generation_id", Id, nullable=False),
        sa.Column("piece", sa.String(length=200), nullable=False),
        sa.Column("asked", sa.String(length=40), nullable=False),
        sa.Column("reply", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["generation_id"], ["generations.id"], name=op.f("fk_draft_answers_generation_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_answers")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_draft_answers_generation_id_piece", "draft_answers", ["generation_id", "piece"], unique=False)
