"""Responses that failed, that have a note, or that one persona gave in one row are found without a look at others.

And lists of them are filtered and sorted in an index alone.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    for name, columns, which in (
        ("failed", ["experiment_id", "termination"], sa.text("error IS NOT NULL")),
        ("noted", ["experiment_id"], sa.text("annotation != ''")),
    ):
        op.create_index(
            f"ix_responses_experiment_id_{name}", "responses", columns, sqlite_where=which, postgresql_where=which
        )
    op.drop_index("ix_responses_experiment_id_badness_id", "responses")
    op.create_index(
        "ix_responses_experiment_id_listed",
        "responses",
        [
            *("experiment_id", "badness", "id", "row_id", "persona_id", "epoch", "termination", "goal_achieved"),
            *("passed", "not_passed", "unrated", "turns", "duration_s", "input_tokens", "output_tokens", "cost_usd"),
        ],
    )
    op.drop_index("ix_responses_experiment_id_row_id", "responses")
    op.create_index(
        "ix_responses_experiment_id_row_id_persona_id", "responses", ["experiment_id", "row_id", "persona_id"]
    )
