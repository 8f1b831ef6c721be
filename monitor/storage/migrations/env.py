"""How does alembic reach the database? By the connection that `monitor.storage.migrate` gives it."""

from __future__ import annotations

from alembic import context

from monitor.storage.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
