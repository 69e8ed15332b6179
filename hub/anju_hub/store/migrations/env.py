"""Alembic's entry: runs on the connection that `anju_hub.store.engine` opened, inside its transaction."""

from alembic import context

from anju_hub.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
