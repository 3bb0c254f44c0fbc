"""What Alembic runs: the missing revisions, on the connection that `store/upgrade.py` hands over, inside its transaction."""

from alembic import context
from sqlmodel import SQLModel

from workbench.store import tables  # noqa: F401  (fills the metadata, for `alembic revision --autogenerate`)

context.configure(connection=context.config.attributes["connection"], target_metadata=SQLModel.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
