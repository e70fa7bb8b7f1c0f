"""The second wall on PostgreSQL: roles, grants, policies, and what the service's role cannot do."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, Integer, create_engine, make_url, select, text
from sqlalchemy.exc import ProgrammingError

from gateway import migrations
from gateway.app import create_app
from gateway.cli.db import db as db_commands
from gateway.cli.office import Office
from gateway.config import Settings
from gateway.errors import UnsafeSettings
from gateway.migrations import wall
from gateway.sealing import keys
from gateway.store import context, roles
from gateway.store import tables as t
from gateway.store.engine import RawSql, make_engine, make_sessions
from gateway.store.wall import System
from gateway.store.walls import WALLS
from tests.database import Postgres, behind, owner_url
from tests.journeys.world import BASE, LONG_AGO, World
from tests.wall.conftest import IDVA, POLICE

OPERATE = Path(__file__).resolve().parents[2] / "docs" / "operate.md"
LOG = ("log_entry", "log_node", "checkpoint", "log_cosignature", "key_event")


@pytest.fixture
def service(postgresql_url: str) -> Iterator[Connection]:
    """A connection as the service has it."""
    engine = create_engine(postgresql_url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


# --- policies and grants --------------------------------------------------------------------------


def test_the_newest_wall_is_the_one_that_the_table_describes() -> None:
    """After a change of gateway/store/walls.py a migration puts up the new one; see its ADR."""
    newest = max(wall.FOLDER.glob("*.txt"))
    assert newest.read_text("utf-8") == wall.text()


def test_policies_are_forced_on_every_table(postgresql_url: str) -> None:
    asked = (
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        " AND NOT (relrowsecurity AND relforcerowsecurity)"
    )
    engine = behind(postgresql_url)
    with engine.connect() as connection:
        assert connection.scalars(text(asked)).all() == ["alembic_version"]
    engine.dispose()


def test_the_service_may_do_what_the_table_says_and_nothing_else(service: Connection) -> None:
    asked = (
        "SELECT table_name, privilege_type FROM information_schema.role_table_grants"
        " WHERE grantee = current_user AND table_schema = 'public'"
    )
    granted = {tuple(row) for row in service.execute(text(asked))}
    wanted = {(name, str(act)) for name, each in WALLS.items() for act in each.acts}
    assert granted == wanted | {("alembic_version", "SELECT")}


def test_the_owner_is_bound_as_well(postgresql_url: str) -> None:
    """FORCE: on a small machine with one role the wall still stands for what is read."""
    engine = create_engine(owner_url(postgresql_url))
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO epoch (name, retired_at) SELECT 'x', now() WHERE false")
        )
        assert connection.execute(text("SELECT count(*) FROM agency")).scalar_one() == 0
    engine.dispose()


def test_a_later_wall_replaces_the_former_one(empty_postgresql_url: str) -> None:
    migrations.upgrade(empty_postgresql_url)
    engine = create_engine(empty_postgresql_url)
    asked = text("SELECT tablename, policyname, cmd, qual, with_check FROM pg_policies")
    with engine.begin() as connection:
        before = {tuple(row) for row in connection.execute(asked)}
        wall.put_up(connection, max(wall.FOLDER.glob("*.txt")).stem)
        assert {tuple(row) for row in connection.execute(asked)} == before
        wall.take_down(connection)
        assert connection.execute(asked).all() == []
    engine.dispose()
    assert len(before) > 80


# --- the log only grows (security: the role, not a trigger) ---------------------------------------


@pytest.mark.parametrize("name", LOG)
@pytest.mark.parametrize(
    "statement",
    [
        'UPDATE "{}" SET {} = {}',
        'DELETE FROM "{}"',
        'TRUNCATE "{}"',
        'ALTER TABLE "{}" DISABLE ROW LEVEL SECURITY',
        'ALTER TABLE "{}" NO FORCE ROW LEVEL SECURITY',
        'DROP TABLE "{}"',
        'DROP POLICY wall_select ON "{}"',
        'CREATE POLICY mine ON "{}" USING (true)',
        'CREATE TRIGGER mine BEFORE INSERT ON "{}" EXECUTE FUNCTION'
        " suppress_redundant_updates_trigger()",
        'GRANT DELETE ON "{}" TO CURRENT_USER',
    ],
)
def test_T06_the_service_cannot_change_the_log(
    service: Connection, name: str, statement: str
) -> None:
    column = next(iter(t.metadata.tables[name].columns)).name
    service.execute(text("SELECT set_config('app.agency', '@sequencer', true)"))
    filled = statement.format(name, column, column)
    if filled.startswith("GRANT"):  # a warning, and nothing is granted
        service.execute(text(filled))
        asked = text("SELECT has_table_privilege(:name, 'DELETE')")
        assert service.execute(asked, {"name": name}).scalar_one() is False
        return
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        service.execute(text(filled))


@pytest.mark.parametrize(
    "statement",
    [
        "SET session_replication_role = replica",
        "SET ROLE postgres",
        'SET ROLE "{owner}"',
        "ALTER ROLE CURRENT_USER BYPASSRLS",
        "CREATE TABLE public.mine (id integer)",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION public.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "UPDATE log_pending SET agency_id = 'x'",
        "TRUNCATE log_pending",
        "COPY section TO PROGRAM 'true'",
        "SELECT pg_read_file('/etc/passwd')",
    ],
)
def test_the_service_cannot_grow_beyond_its_role(
    service: Connection, postgres: Postgres, statement: str
) -> None:
    with pytest.raises(ProgrammingError, match=r"permission denied|must be|only roles"):
        service.execute(text(statement.replace("{owner}", postgres.owner)))


def test_row_security_switched_off_is_an_error_and_no_way_round(service: Connection) -> None:
    service.execute(text("SET row_security = off"))
    with pytest.raises(ProgrammingError, match="row-level security"):
        service.execute(text("SELECT * FROM section"))


def test_the_log_takes_what_is_added(postgres_world: World) -> None:
    before = len(postgres_world.rows(t.log_entry))
    postgres_world.client(IDVA).list_cases()
    postgres_world.sequence()
    assert len(postgres_world.rows(t.log_entry)) >= before


# --- pitfalls -------------------------------------------------------------------------------------


def test_a_context_does_not_reach_the_next_on_the_connection(postgres_world: World) -> None:
    """A setting of a transaction reads as '' afterwards, and not as NULL: that is nobody, too."""
    engine = make_engine(postgres_world.url)
    sessions = make_sessions(engine)
    with sessions() as session:
        context.stand(session, IDVA)
        assert session.execute(select(t.section.c.id)).all()
        session.commit()
    with engine.connect() as connection:
        asked = "SELECT current_setting('app.agency', true)"
        assert connection.exec_driver_sql(asked).scalar_one() == ""
        assert connection.execute(select(t.section.c.id)).all() == []
    assert engine.pool.checkedin() == 1  # type: ignore[attr-defined]
    engine.dispose()


def test_a_rolled_back_savepoint_leaves_the_context(postgres_world: World) -> None:
    with postgres_world.sessions() as session:
        context.stand(session, IDVA)
        seen = len(session.execute(select(t.section.c.id)).all())
        with session.begin_nested() as savepoint:
            assert len(session.execute(select(t.section.c.id)).all()) == seen
            savepoint.rollback()
        assert len(session.execute(select(t.section.c.id)).all()) == seen > 0


def test_asking_who_has_a_part_leaves_the_context_as_it_was(service: Connection) -> None:
    for agency in ("idva", "@clock", ""):
        asked = "SELECT set_config('app.agency', :agency, true)"
        service.execute(text(asked), {"agency": agency})
        assert service.execute(text("SELECT wall_has_part('x', 'another')")).scalar_one() is False
        left = service.execute(text("SELECT current_setting('app.agency')")).scalar_one()
        assert left == agency


def test_a_reference_to_a_hidden_row_is_checked_by_the_database_alone(
    postgres_world: World,
) -> None:
    """The pitfall of foreign keys: they are checked past the policies, and tell of nothing more.

    Whoever adds a row for a case must have a part in it, so no id can be tried out.
    """
    (case_id,) = {row["id"] for row in postgres_world.rows(t.case)}
    row = {"case_id": case_id, "seq": 9, "code": "X", "reasons": [], "at": postgres_world.now}
    said = []
    for tried in (case_id, "00000000-0000-4000-8000-000000000000"):
        with postgres_world.sessions() as session:
            context.stand(session, POLICE)
            with pytest.raises(ProgrammingError) as caught:
                session.execute(t.feedback.insert(), row | {"case_id": tried})
            said.append(str(caught.value.orig))
    assert said[0] == said[1]


def test_there_is_no_view_and_no_function_that_runs_as_its_owner(service: Connection) -> None:
    """The pitfall of views: they would read as their owner."""
    views = (
        "SELECT count(*) FROM pg_views WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    definers = (
        "SELECT count(*) FROM pg_proc WHERE prosecdef"
        " AND pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)"
    )
    for asked in (views, definers):
        assert service.execute(text(asked)).scalar_one() == 0


def test_sql_as_text_is_refused_here_as_well(postgres_world: World) -> None:
    with postgres_world.sessions() as session, pytest.raises(RawSql):
        session.execute(text("SELECT 1"))


# --- the plans ------------------------------------------------------------------------------------

SMALL = {"agency", "agency_key", "agency_scope", "worker", "conference", "checkpoint", "tombstone"}


def test_no_policy_makes_a_read_walk_through_a_table(postgres_world: World) -> None:
    """With sequential scans dear, what is still walked through has no index for it."""
    case_id = postgres_world.rows(t.case)[0]["id"]
    sought = {
        name: column
        for name, table in t.metadata.tables.items()
        for column in ("case_id", "id", "reference", "subject", "party_id", "agency_id")
        if column in table.c and (table.c[column].primary_key or table.c[column].index)
    }
    assert len(sought) > 25
    with postgres_world.sessions() as session:
        for who in (IDVA, System.MATCHING, System.CLOCK):
            context.stand(session, who)
            connection = session.connection()
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            for name, column in sought.items():
                is_number = isinstance(t.metadata.tables[name].c[column].type, Integer)
                value = 1 if is_number else case_id
                asked = f'EXPLAIN SELECT * FROM "{name}" WHERE "{column}" = \'{value}\''
                plan = "\n".join(row[0] for row in connection.exec_driver_sql(asked))
                walked = set(re.findall(r"Seq Scan on (\w+)", plan)) - SMALL
                assert walked == set(), (name, plan)


# --- the role at start ----------------------------------------------------------------------------


def settings(url: str, folder: Path) -> Settings:
    if not (folder / "keys").exists():
        keys.make(folder / "keys", on=LONG_AGO)
    return Settings("production", BASE, url, folder / "keys")


def of_role(url: str, role: str, password: str = "") -> str:
    changed = make_url(url).set(username=role, password=password or make_url(url).password)
    return changed.render_as_string(hide_password=False)


@pytest.fixture
def strong(postgres: Postgres, postgresql_url: str) -> Iterator[str]:
    """A role that is to be refused, by name; it can log in."""
    name, password = f"strong-{secrets.token_hex(4)}", secrets.token_hex(16)
    postgres.execute(
        f'CREATE ROLE "{name}" LOGIN PASSWORD \'{password}\' IN ROLE "{postgres.service}"'
    )
    yield of_role(postgresql_url, name, password)
    postgres.execute(f'DROP ROLE "{name}"')


def fault_of(url: str) -> str | None:
    engine = make_engine(url)
    try:
        return roles.find_fault(engine)
    finally:
        engine.dispose()


def test_the_service_starts_as_a_role_that_owns_nothing(postgresql_url: str) -> None:
    assert fault_of(postgresql_url) is None


@pytest.mark.parametrize("power", ["SUPERUSER", "BYPASSRLS", "CREATEROLE"])
def test_the_service_refuses_to_start_as_a_strong_role(
    postgres: Postgres, strong: str, tmp_path: Path, power: str
) -> None:
    assert fault_of(strong) is None
    postgres.execute(f'ALTER ROLE "{make_url(strong).username}" {power}')
    with pytest.raises(UnsafeSettings, match="too strong"):
        create_app(settings(strong, tmp_path))


def test_the_service_refuses_to_start_as_the_owner(postgresql_url: str, tmp_path: Path) -> None:
    with pytest.raises(UnsafeSettings, match="owns tables"):
        create_app(settings(owner_url(postgresql_url), tmp_path))


def test_the_service_refuses_a_role_that_may_become_the_owner(
    postgres: Postgres, strong: str, tmp_path: Path
) -> None:
    postgres.execute(f'GRANT "{postgres.owner}" TO "{make_url(strong).username}"')
    with pytest.raises(UnsafeSettings, match="owns tables"):
        create_app(settings(strong, tmp_path))


def test_the_service_refuses_a_role_that_owns_the_database(
    postgres: Postgres, strong: str, tmp_path: Path
) -> None:
    """It could drop what others made there."""
    parsed = make_url(strong)
    postgres.execute(f'ALTER DATABASE "{parsed.database}" OWNER TO "{parsed.username}"')
    try:
        with pytest.raises(UnsafeSettings, match="owns tables"):
            create_app(settings(strong, tmp_path))
    finally:
        postgres.execute(f'ALTER DATABASE "{parsed.database}" OWNER TO "{postgres.owner}"')


@pytest.mark.parametrize(
    "statement",
    [
        'GRANT UPDATE ON log_entry TO "{}"',
        'GRANT DELETE ON checkpoint TO "{}"',
        'GRANT UPDATE (commitment) ON log_entry TO "{}"',
        'GRANT TRUNCATE ON section TO "{}"',
        "GRANT DELETE ON log_entry TO PUBLIC",
    ],
)
def test_T06_the_service_refuses_to_start_with_more_than_the_wall_says(
    postgres: Postgres, postgresql_url: str, tmp_path: Path, statement: str
) -> None:
    engine = behind(postgresql_url)
    with engine.begin() as connection:
        connection.execute(text(statement.format(postgres.service)))
    engine.dispose()
    with pytest.raises(UnsafeSettings, match="may do more"):
        create_app(settings(postgresql_url, tmp_path))


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE section NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE log_entry DISABLE ROW LEVEL SECURITY",
    ],
)
def test_the_service_refuses_to_start_without_the_wall(
    postgresql_url: str, tmp_path: Path, statement: str
) -> None:
    engine = behind(postgresql_url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()
    with pytest.raises(UnsafeSettings, match="second wall is not up"):
        create_app(settings(postgresql_url, tmp_path))


# --- as the operator's guide says -----------------------------------------------------------------


def sql_of_the_guide() -> list[str]:
    """The statements of docs/operate.md, one by one."""
    (block,) = re.findall(r"```sql\n(.*?)```", OPERATE.read_text("utf-8"), re.DOTALL)
    return [each.strip() for each in block.split(";") if each.strip()]


def test_the_guide_makes_roles_with_which_everything_works(
    postgres: Postgres, tmp_path: Path
) -> None:
    """From an empty server: the guide's SQL, `gateway db upgrade`, and the service starts."""
    suffix, database = secrets.token_hex(4), f"guide-{secrets.token_hex(4)}"
    names = {
        name: f"{name}_{suffix}" for name in ("gateway_owner", "gateway_upgrade", "gateway_service")
    }

    def here(statement: str) -> str:
        for name, ours in names.items():
            statement = re.sub(rf"\b{name}\b", ours, statement)
        return re.sub(r"DATABASE gateway\b", f'DATABASE "{database}"', statement)

    password = secrets.token_hex(16)
    try:
        for statement in sql_of_the_guide():
            postgres.execute(here(statement).replace("…", password))
        url = of_role(postgres.url(database), names["gateway_service"], password)
        owner = of_role(url, names["gateway_upgrade"], password)
        office = Office(
            settings(url, tmp_path),
            lambda: make_sessions(make_engine(url)),
            lambda: keys.load(tmp_path / "keys"),
        )
        done = CliRunner().invoke(db_commands, ["upgrade", "--owner", owner], obj=office)
        assert done.exit_code == 0, done.output
        assert fault_of(url) is None
        again = CliRunner().invoke(db_commands, ["upgrade", "--owner", owner], obj=office)
        assert again.exit_code == 0
        app = create_app(settings(url, tmp_path))
        app.extensions["gateway"].replay.close()
        app.extensions["gateway"].sessions.kw["bind"].dispose()
        refused = CliRunner().invoke(db_commands, ["upgrade"], obj=office)
        assert refused.exit_code == 0  # nothing to do: a role that owns nothing changes nothing
        with pytest.raises(UnsafeSettings, match="owns tables"):
            create_app(settings(owner, tmp_path))
    finally:
        postgres.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
        for name in reversed(names.values()):
            postgres.execute(f'DROP ROLE IF EXISTS "{name}"')


def test_the_owner_cannot_be_the_service_by_mistake(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address with the owner's password is for one command, and not for the service."""
    monkeypatch.setenv("GATEWAY_OWNER_DATABASE_URL", owner_url(postgresql_url))
    with pytest.raises(UnsafeSettings, match="GATEWAY_OWNER_DATABASE_URL"):
        create_app(settings(postgresql_url, tmp_path))
