"""What Alembic runs around the migrations: on the caller's connection, within the caller's transaction."""

from alembic import context

from progressive_capture.store.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
