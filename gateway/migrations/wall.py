"""Owns the second wall on PostgreSQL: its policies, its grants, and the check at start.

A migration puts up the wall of its own time from a file that never changes again; the file is
written from gateway.store.walls, and a test compares the newest with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect

from gateway.store.wall import NOBODY, Act, fill
from gateway.store.walls import WALLS

FOLDER = Path(__file__).parent / "walls"
_END = "\n;\n"
_ME = "nullif(current_setting('app.agency', true), '')"  # '' is what a setting of old reads as
_PART = (
    "(EXISTS (SELECT 1 FROM assignment p WHERE p.agency_id = {me} AND p.case_id = {case}"
    " AND p.until IS NULL) OR wall_has_part({case}, {me}))"
)
# The policy of assignments cannot read assignments: PostgreSQL would go round in circles.
_PART_BY_FUNCTION = "wall_has_part({case}, {me})"
# It looks under a named context of its own, and leaves the transaction as it was; if it fails, the
# transaction has failed. (Who is no superuser may not attach a setting of its own to a function.)
_HAS_PART = """\
CREATE FUNCTION wall_has_part(asked char(36), me text) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
  has_part boolean;
  before text := coalesce(current_setting('app.agency', true), '');
BEGIN
  PERFORM set_config('app.agency', '@routing', true);
  has_part := EXISTS (SELECT 1 FROM assignment p
                      WHERE p.agency_id = me AND p.case_id = asked AND p.until IS NULL)
    OR EXISTS (SELECT 1 FROM "case" o WHERE o.id = asked AND o.referrer_id = me)
    OR EXISTS (SELECT 1 FROM link l JOIN assignment q ON q.case_id = l.case_id
               WHERE l.other_id = asked AND l.kind = 'MERGED' AND l.status = 'CONFIRMED'
                 AND q.agency_id = me AND q.until IS NULL
                 AND q.role IN {writers});
  PERFORM set_config('app.agency', before, true);
  RETURN has_part;
END
$$"""
_CLAUSES = {
    Act.READ: "USING ({0})",
    Act.ADD: "WITH CHECK ({0})",
    Act.CHANGE: "USING ({0}) WITH CHECK ({0})",
    Act.REMOVE: "USING ({0})",
}


def statements() -> Iterator[str]:
    """What puts up the wall that gateway.store.wall describes now."""
    yield fill(_HAS_PART, row="", me="", part="")
    for name, wall in WALLS.items():
        yield f'ALTER TABLE "{name}" ENABLE ROW LEVEL SECURITY'
        yield f'ALTER TABLE "{name}" FORCE ROW LEVEL SECURITY'
        part = _PART_BY_FUNCTION if name == "assignment" else _PART
        for act in Act:
            if (predicate := wall.predicate(act)) != NOBODY:
                filled = fill(predicate, row=f'"{name}"', me=_ME, part=part)
                clause = _CLAUSES[act].format(filled)
                yield f'CREATE POLICY wall_{act.lower()} ON "{name}" FOR {act} {clause}'


def text() -> str:
    """The same as it stands in the file of a migration."""
    return _END.join(statements()) + _END


def freeze(revision: str) -> Path:
    """Write the wall as it is now to the file of a new migration, which puts it up."""
    path = FOLDER / f"{revision}.txt"
    path.write_text(text(), encoding="utf-8")
    return path


def put_up(connection: Connection, revision: str) -> None:
    """Put up the wall of a revision in place of whatever wall there is.

    On SQLite there is nothing to do: there the wall is part of a connection, not of the file.
    """
    if connection.dialect.name == "sqlite":
        return
    take_down(connection)
    for statement in (FOLDER / f"{revision}.txt").read_text("utf-8").split(_END):
        if statement.strip():
            connection.exec_driver_sql(statement.replace("%", "%%"))


def take_down(connection: Connection) -> None:
    """Leave all tables open; for what a migration does in its own transaction."""
    if connection.dialect.name == "sqlite":
        return
    found = connection.exec_driver_sql(
        "SELECT tablename, policyname FROM pg_policies WHERE schemaname = current_schema()"
    )
    for table, policy in found.fetchall():
        connection.exec_driver_sql(f'DROP POLICY "{policy}" ON "{table}"')
    for table in inspect(connection).get_table_names():
        connection.exec_driver_sql(f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY')
        connection.exec_driver_sql(f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY')
    connection.exec_driver_sql("DROP FUNCTION IF EXISTS wall_has_part(char, text)")


def grant(engine: Engine, role: str) -> None:
    """Let the service's role do what some row of the wall allows, and nothing else."""
    with engine.begin() as connection:
        name = engine.dialect.identifier_preparer.quote(role)
        schema = connection.exec_driver_sql("SELECT current_schema()").scalar_one()
        connection.exec_driver_sql(f'REVOKE ALL ON ALL TABLES IN SCHEMA "{schema}" FROM {name}')
        connection.exec_driver_sql(f'GRANT USAGE ON SCHEMA "{schema}" TO {name}')
        connection.exec_driver_sql(f'GRANT USAGE ON ALL SEQUENCES IN SCHEMA "{schema}" TO {name}')
        connection.exec_driver_sql(f"GRANT SELECT ON alembic_version TO {name}")
        for table, wall in WALLS.items():
            acts = ", ".join(wall.acts)
            connection.exec_driver_sql(f'GRANT {acts} ON "{table}" TO {name}')
