"""What Alembic runs for each migration: on the connection that `store.migrate` hands over."""

from __future__ import annotations

from alembic import context

from personae.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=False,  # our own types compare as what they stand on
)
with context.begin_transaction():
    context.run_migrations()
