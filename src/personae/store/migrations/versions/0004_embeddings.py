"""Generations may name a model of embeddings, by which near-copies are told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("generations", sa.Column("embeddings_model", sa.String(200), nullable=False, server_default=""))
