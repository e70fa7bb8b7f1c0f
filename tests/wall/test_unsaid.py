"""A write that the wall's table forgets is an error, and never a row that was passed over."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Table, delete, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

import gateway.store
from gateway.store import context, rows
from gateway.store import tables as t
from gateway.store.engine import Sessions, make_engine, make_sessions
from gateway.store.prepared import Prepared
from gateway.store.wall import Act, System, kept
from gateway.store.walls import WALLS
from tests.database import fresh
from tests.journeys.world import DATABASES
from tests.wall.conftest import IDVA
from tests.wall.seeing import TABLES

WHO = (IDVA, *System, kept("00000000-0000-4000-8000-000000000000"), None)
# What changes or removes rows of which there may be none, and why that is no fault.
MAY_MEET_NONE = {
    "action_notices.claim_notice": "another worker was first",
    "notices.claim_notice": "another worker was first",
    "notices.claim_announcement": "another worker was first",
    "drafts.remove_draft": "a draft need not have files; the draft itself must be met",
    "drafts.remove_expired": "there may be none",
    "enrolments.close": "tells whether it was open",
    "epochs.forget_retired": "keys that were not noted are fine, too",
    "epochs.set_wrapped": "unless it was destroyed or wrapped anew meanwhile",
    "agency_keys.set_private": "unless it changed meanwhile",
    "erasing.erase": "a case need not have every kind of row; the case itself must be met",
    "interests.drop_interest": "there may have been none",
    "interests.set_tokens": "values there may have been none of; the declaration must be met",
    "key_jobs.end": "there may be none under way",
    "parties.drop_parties": "there may have been none",
    "sections.drop_grants": "a section need not have been granted",
    "sections.supersede": "a version need not have left anything",
    "seal_requests._setting": "a statement, for those who say what must be there",
    "tokens.delete_expired": "there may be none",
    "answers._EXPIRED": "there may be none",
    "credentials.delete_one_time": "there may have been none",
    "credentials.delete_password": "there may have been none",
    "credentials.end_passkeys": "a person may have none",
    "sign_ons.end": "a person need not have linked anything",
    "credentials.set_step": "tells whether the code was new",
    "credentials.set_used": "tells whether nobody else used it meanwhile",
    "credentials.use": "tells whether it was open",
    "interests._FORGET": "there may have been none",
    "people.end_sessions": "tells how many there were",
    "people.set_roles": "there may have been none",
    "log._REMOVE": "counted where it is used",
    "log._SET_SEQ": "counted where it is used",
    "log._SET_FEED": "a batch need not be in any feed",
}


@pytest.fixture(scope="module", params=DATABASES)
def sessions(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sessions]:
    """Of an empty database: what is refused is refused whatever there is."""
    with fresh(request, tmp_path_factory.mktemp("empty")) as url:
        engine = make_engine(url)
        yield make_sessions(engine)
        engine.dispose()


@pytest.fixture
def session(sessions: Sessions) -> Iterator[Session]:
    with sessions() as made:
        yield made


def unsaid(who: str | None) -> list[tuple[Table, Act]]:
    """What nothing in a table's row gives to this agency or context."""
    acts = (Act.CHANGE, Act.REMOVE)
    walls = [(table, act, WALLS[table.name]) for table in TABLES for act in acts]
    return [(table, act) for table, act, wall in walls if who is None or not wall.gives(act, who)]


@pytest.mark.parametrize("who", WHO)
def test_V44_a_write_that_no_row_of_the_table_gives_is_refused_aloud(
    session: Session, who: str | None
) -> None:
    context.stand(session, who)
    refused = unsaid(who)
    assert len(refused) > 50
    for table, act in refused:
        column = list(table.columns)[-1].name
        statement = (
            delete(table) if act is Act.REMOVE else update(table).values({column: table.c[column]})
        )
        with pytest.raises(OperationalError, match="second wall"):
            session.execute(statement)
        with pytest.raises(OperationalError, match="second wall"):
            Prepared(statement).run(session, [{}])


def test_what_a_row_gives_stands_in_its_policies(session: Session) -> None:
    """`gives` is not narrower than the predicates: whatever it refuses, none of them names."""
    for name, wall in WALLS.items():
        for act in (Act.CHANGE, Act.REMOVE):
            predicate = wall.predicate(act)
            for system in System:
                if f"'{system}'" in predicate:
                    assert wall.gives(act, system) or system is System.KEEPER, (name, act)
            assert wall.gives(act, kept("x")) is (act in wall.keeper)
            assert wall.gives(act, IDVA) is (act in wall.agency)


def test_a_change_that_meets_no_row_is_refused(session: Session) -> None:
    context.stand(session, kept("00000000-0000-4000-8000-000000000000"))
    nobody = t.position.c.case_id == "00000000-0000-4000-8000-000000000000"
    with pytest.raises(OperationalError, match="no such row"):
        rows.change(session, update(t.position).where(nobody).values(capacity="HAS_CAPACITY"))


def test_every_change_in_the_store_looks_whether_it_met_its_row() -> None:
    """By `rows.change`, or with a reason here. A new statement is one or the other."""
    found = {
        f"{path.stem}.{owner}"
        for path in sorted(Path(gateway.store.__path__[0]).glob("*.py"))
        for owner in _unlooked(ast.parse(path.read_text("utf-8")))
    }
    assert found == set(MAY_MEET_NONE)


def _unlooked(module: ast.Module) -> Iterator[str]:
    """Names of functions and values that change or remove rows by another way than `change`."""
    for node in module.body:
        if isinstance(node, ast.FunctionDef):
            name = node.name
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
        else:
            continue
        changes = _calls(node, "change")
        handed = {each.id for call in changes for each in call.args if isinstance(each, ast.Name)}
        made = [each for each in ast.walk(node) if _names(each) & handed]
        looked = {id(each) for part in (*changes, *made) for each in ast.walk(part)}
        written = [*_calls(node, "update"), *_calls(node, "delete")]
        if any(id(call) not in looked for call in written):
            yield name


def _calls(node: ast.AST, name: str) -> list[ast.Call]:
    return [
        each
        for each in ast.walk(node)
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Name) and each.func.id == name
    ]


def _names(node: ast.AST) -> set[str]:
    """What an assignment gives a name to."""
    targets = node.targets if isinstance(node, ast.Assign) else ()
    return {each.id for each in targets if isinstance(each, ast.Name)}
