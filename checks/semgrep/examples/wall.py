# What the rules of ../rules/wall.yaml find, and what they leave alone. Never imported.
import sqlite3

from sqlalchemy import create_engine, literal_column, select, text

from gateway.ledger import reading_as
from gateway.store.engine import make_engine, make_owner_engine


def sql_as_text(session, connection, table, agency, page):
    # ruleid: sql-as-text
    session.execute(text("SELECT id FROM section"))
    # ruleid: sql-as-text
    select(literal_column("1"))
    # ruleid: sql-as-text
    connection.exec_driver_sql("SELECT 1")
    # ruleid: sql-as-text
    connection.engine.raw_connection()
    # ruleid: sql-as-text
    connection.connection.driver_connection
    # ruleid: sql-as-text
    cursor = connection.connection.cursor()
    # ruleid: sql-as-text
    cursor.execute(f"SELECT id FROM section WHERE owner_id = '{agency}'")
    # ruleid: sql-as-text
    cursor.executescript("DELETE FROM section")
    # ruleid: sql-as-text
    select(table).prefix_with("DISTINCT")
    # ok: sql-as-text
    session.execute(select(table.c.id).where(table.c.owner_id == agency))
    # ok: sql-as-text
    return page.text("title")


def contexts_of_others(session, sessions, work, context):
    # ruleid: context-opened-elsewhere
    context.stand(session, "marlbury-idva")
    # ruleid: context-opened-elsewhere
    from gateway.store import context as other

    # ruleid: context-opened-elsewhere
    from gateway.store.wall import System

    # ruleid: context-opened-elsewhere
    name = "@matching"
    # ok: context-opened-elsewhere
    with work.matching():
        pass
    # ok: context-opened-elsewhere
    with reading_as(sessions, "marlbury-idva"):
        return other, System, name


def past_the_wall(url, connection):
    # ruleid: database-opened-past-the-wall
    make_owner_engine(url)
    # ruleid: database-opened-past-the-wall
    create_engine(url)
    # ruleid: database-opened-past-the-wall
    sqlite3.connect(url)
    # ruleid: database-opened-past-the-wall
    connection.set_authorizer(None)
    # ok: database-opened-past-the-wall
    return make_engine(url)
