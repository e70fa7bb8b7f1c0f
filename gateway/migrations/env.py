"""Alembic's entry: one connection, one transaction per migration."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Engine

from gateway.store.tables import metadata

engine: Engine = context.config.attributes["engine"]

with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
