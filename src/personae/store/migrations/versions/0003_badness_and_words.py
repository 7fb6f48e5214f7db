"""Responses know how bad they are, and which words were said in them: lists and searches read no transcripts."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from personae.store.columns import Id, Json, Words
from personae.store.response_order import JUDGED, badness
from personae.store.response_words import words

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_AT_ONCE = 500


def upgrade() -> None:
    """Apply."""
    op.add_column("responses", sa.Column("badness", sa.Float(), nullable=False, server_default="0"))
    op.create_table(
        "response_words",
        sa.Column("response_id", Id, nullable=False),
        sa.Column("words", Words, nullable=False),
        sa.ForeignKeyConstraint(
            ["response_id"], ["responses.id"], name=op.f("fk_response_words_response_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("response_id", name=op.f("pk_response_words")),
    )
    _work_out()
    op.create_index("ix_responses_experiment_id_badness_id", "responses", ["experiment_id", "badness", "id"])
    op.create_index(
        "ix_responses_experiment_id_ending", "responses", ["experiment_id", "termination", "goal_achieved", "id"]
    )
    op.drop_index("ix_ratings_response_id", "ratings")
    op.create_index("ix_ratings_response_id_criterion_id_rating", "ratings", ["response_id", "criterion_id", "rating"])


def _work_out() -> None:
    """For the responses that are there."""
    connection = op.get_bind()
    kinds: dict[str, sa.types.TypeEngine[Any]] = {"validity": Json, "goal_achieved": sa.Boolean()}
    table = sa.table(
        "responses",
        sa.column("id", Id),
        sa.column("result", Json),
        sa.column("badness", sa.Float()),
        *(sa.column(name, kinds.get(name, sa.types.NULLTYPE)) for name in sorted(JUDGED)),
    )
    made = sa.table("response_words", sa.column("response_id", Id), sa.column("words", Words))
    change = sa.update(table).where(table.c.id == sa.bindparam("which")).values(badness=sa.bindparam("much"))
    last = 0
    while True:
        some = sa.select(table).where(table.c.id > last).order_by(table.c.id).limit(_AT_ONCE)
        if not (rows := [dict(row) for row in connection.execute(some).mappings()]):
            return
        last = rows[-1]["id"]
        connection.execute(change, [{"which": row["id"], "much": badness(row)} for row in rows])
        connection.execute(
            made.insert(), [{"response_id": row["id"], "words": words(row["result"], row["error"])} for row in rows]
        )
