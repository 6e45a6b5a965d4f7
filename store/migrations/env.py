"""Alembic's entry: runs the versions on the connection that `store.database.migrate` hands over."""

from alembic import context
from sqlalchemy import Connection

from store.schema import metadata


def run() -> None:
    """Runs the wanted migrations in one transaction."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        transactional_ddl=True,  # Alembic takes SQLite not to be; it is, as store/database.py begins transactions
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()


run()
