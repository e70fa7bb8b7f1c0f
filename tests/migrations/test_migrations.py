"""The numbered migrations: one line of them, both ways, and no drift from the tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Enum, create_engine, inspect, text

from gateway import migrations
from gateway.sealing import jose
from gateway.store.tables import metadata
from tests.database import behind

VERSIONS = Path(migrations.__file__).parent / "versions"


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    engine = behind(url)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def revisions() -> list[str]:
    """All revisions, oldest first."""
    engine = create_engine("sqlite://")
    script = ScriptDirectory.from_config(migrations.config(engine))
    return [step.revision for step in script.walk_revisions()][::-1]


def tables(url: str) -> set[str]:
    with connected(url) as connection:
        return set(inspect(connection).get_table_names()) - {"alembic_version"}


def test_there_is_one_head_and_one_base() -> None:
    script = ScriptDirectory.from_config(migrations.config(create_engine("sqlite://")))
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1
    assert [step.revision for step in script.walk_revisions() if step.is_merge_point] == []


def test_each_migration_is_numbered_in_order() -> None:
    names = sorted(path.name for path in VERSIONS.glob("*.py") if path.name != "__init__.py")
    assert [name[:4] for name in names] == [f"{number:04}" for number in range(1, len(names) + 1)]
    assert [name for name in names if not re.fullmatch(r"\d{4}_[a-z0-9_]+\.py", name)] == []
    assert revisions() == [name[:4] for name in names]


def test_up_down_and_up_again(empty_database_url: str) -> None:
    migrations.upgrade(empty_database_url)
    assert tables(empty_database_url) == set(metadata.tables)
    migrations.downgrade(empty_database_url, "base")
    assert tables(empty_database_url) == set()
    migrations.upgrade(empty_database_url)
    assert tables(empty_database_url) == set(metadata.tables)


def test_each_step_can_be_taken_back(empty_database_url: str) -> None:
    before = "base"
    for revision in revisions():
        migrations.upgrade(empty_database_url, revision)
        migrations.downgrade(empty_database_url, before)
        migrations.upgrade(empty_database_url, revision)
        before = revision


def test_the_database_does_not_drift_from_the_tables(database_url: str) -> None:
    migrations.check(database_url)


def test_every_code_is_admitted_by_its_check(database_url: str) -> None:
    """What `check` does not see: a code that was added to an enumeration after its CHECK."""
    with connected(database_url) as connection:
        for table in metadata.sorted_tables:
            checks = inspect(connection).get_check_constraints(table.name)
            for column in table.columns:
                if isinstance(column.type, Enum):
                    admitted = {
                        code
                        for check in checks
                        if re.search(rf"\b{column.name}\b", str(check["sqltext"]))
                        for code in re.findall(r"'([^']*)'", str(check["sqltext"]))
                    }
                    assert set(column.type.enums) <= admitted, f"{table.name}.{column.name}"


def test_the_tests_run_as_a_role_that_row_security_binds(postgresql_url: str) -> None:
    engine = create_engine(postgresql_url)
    with engine.connect() as connection:
        role = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
        assert connection.execute(text(role)).scalar_one() is False
    engine.dispose()


@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_test_has_a_database_of_its_own(database_url: str, turn: str) -> None:
    assert "trace" not in tables(database_url), turn
    with connected(database_url) as connection:
        connection.execute(text("CREATE TABLE trace (id integer)"))
        connection.commit()
    assert "trace" in tables(database_url)


OLD_KEY = """
    INSERT INTO agency_key (agency_id, kid, "use", jwk, valid_from)
    VALUES (:agency, :kid, 'sig', :jwk, '2026-01-01 00:00:00')
"""
OLD_AGENCY = """
    INSERT INTO agency (id, name, kind, area, custody, registered_at)
    VALUES (:id, :id, 'LANDLORD', 'MARLBURY', 'OWN', '2026-01-01 00:00:00')
"""
JWK = {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "B" * 43, "use": "sig", "kid": "k-1"}


def test_0002_gives_the_keys_that_are_there_their_thumbprints(empty_database_url: str) -> None:
    migrations.upgrade(empty_database_url, "0001")
    with connected(empty_database_url) as connection:
        connection.execute(text(OLD_AGENCY), {"id": "homes"})
        jwk = json.dumps(JWK)
        connection.execute(text(OLD_KEY), {"agency": "homes", "kid": "k-1", "jwk": jwk})
        connection.commit()
    migrations.upgrade(empty_database_url, "0002")
    with connected(empty_database_url) as connection:
        asked = "SELECT kid, thumbprint, ended_at, enrolment_id FROM agency_key"
        row = connection.execute(text(asked)).one()
    assert tuple(row) == ("k-1", jose.thumbprint(JWK), None, None)
    migrations.downgrade(empty_database_url, "0001")
    with connected(empty_database_url) as connection:
        assert connection.execute(text("SELECT kid FROM agency_key")).scalar_one() == "k-1"


def test_0002_stops_where_two_agencies_share_a_key(empty_database_url: str) -> None:
    migrations.upgrade(empty_database_url, "0001")
    with connected(empty_database_url) as connection:
        for agency_id in ("homes", "idva"):
            connection.execute(text(OLD_AGENCY), {"id": agency_id})
            values = {"agency": agency_id, "kid": "k-1", "jwk": json.dumps(JWK)}
            connection.execute(text(OLD_KEY), values)
        connection.commit()
    with pytest.raises(RuntimeError, match="have registered the same key"):
        migrations.upgrade(empty_database_url, "0002")
