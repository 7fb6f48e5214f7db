"""Whether a response was a fair test, and whose fault it is if not, in columns that an index holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

from personae.store.columns import Id, Json

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_AT_ONCE = 500
_WORDS = ("valid", "unsure", "invalid", "bot", "simulator", "judge", "infrastructure")


def upgrade() -> None:
    """Apply."""
    for name in ("validity_verdict", "validity_fault"):
        op.add_column("responses", sa.Column(name, sa.String(20)))
    _take_apart()
    op.drop_index("ix_responses_experiment_id_listed", "responses")
    op.create_index(
        "ix_responses_experiment_id_listed",
        "responses",
        [
            *("experiment_id", "badness", "id", "row_id", "persona_id", "epoch", "termination", "goal_achieved"),
            *("passed", "not_passed", "unrated", "turns", "duration_s", "input_tokens", "output_tokens", "cost_usd"),
            *("validity_verdict", "validity_fault"),
        ],
    )


def _take_apart() -> None:
    """Of the responses that are there."""
    connection = op.get_bind()
    names = ("validity_verdict", "validity_fault")
    table = sa.table("responses", sa.column("id", Id), sa.column("validity", Json), *map(sa.column, names))
    c = table.c
    change = (
        sa.update(table)
        .where(c.id == sa.bindparam("which"))
        .values(validity_verdict=sa.bindparam("verdict"), validity_fault=sa.bindparam("fault"))
    )
    last = 0
    while True:
        some = sa.select(c.id, c.validity).where(c.id > last).order_by(c.id).limit(_AT_ONCE)
        if not (rows := connection.execute(some).all()):
            return
        last = rows[-1].id
        checked = [
            {"which": row.id, "verdict": _word(row.validity, "verdict"), "fault": _word(row.validity, "fault")}
            for row in rows
            if row.validity
        ]
        if checked:
            connection.execute(change, checked)


def _word(validity: Mapping[str, Any], name: str) -> str | None:
    """Files that were imported may say whatever they like."""
    word = validity.get(name)
    return word if word in _WORDS else None
