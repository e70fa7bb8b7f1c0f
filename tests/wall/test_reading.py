"""No rule decides here: whatever is asked of the database, an agency sees its own rows alone."""

from __future__ import annotations

import pytest
from sqlalchemy import Table, insert
from sqlalchemy.exc import SQLAlchemyError

from gateway.ledger import begin
from gateway.rules.facts import Caller
from gateway.schemas.codes import AgencyKind
from gateway.store import tables as t
from gateway.store.wall import System, kept
from gateway.store.walls import WALLS
from tests.journeys.world import AUDITOR, CHURCH, World
from tests.wall.conftest import AWAY, COORDINATOR, HOSTED, IDVA, LANDLORD, OTHER, POLICE
from tests.wall.seeing import EVERYBODY, TABLES, facts_of, read, shown

AGENCIES = (LANDLORD, OTHER, IDVA, COORDINATOR, AWAY, POLICE, HOSTED, AUDITOR, CHURCH)
NAMES = [table.name for table in TABLES]
_CHURCH = Caller(CHURCH, AgencyKind.OTHER, "MARLBURY")

# Which tables each named context sees, all of them or (PARTLY) some of their rows.
SYSTEM: dict[System, set[str]] = {
    System.ROUTING: {
        "agency_scope",
        "assignment",
        "case",
        "link",
        "passkey",
        "referral",
        "sign_on",
    },
    System.MATCHING: {
        "acknowledgement",
        "assignment",
        "case",
        "case_token",
        "conference_case",
        "conflict_act",
        "interest_token",
        "link",
        "party",
        "party_token",
        "referral",
        "state",
        "worker",
    },
    System.SEQUENCER: {"agency_log_key", "feed", "log_entry", "log_key", "log_pending"},
    System.CLOCK: {"conference_case", "draft", "draft_file"},
    System.KEEPER: {
        "agency_log_key",
        "case_key",
        "draft",
        "epoch",
        "hosted_key",
        "interest",
        "interest_token",
        "key_job",
        "log_key",
        "party",
    },
    System.NOTIFIER: {
        "acknowledgement",
        "action",
        "action_notice",
        "action_step",
        "announcement",
        "assignment",
        "case",
        "contact",
        "notice",
        "receipt",
        "risk",
        "state",
    },
    System.OPERATOR: {
        "agency_log_key",
        "agency_scope",
        "contact",
        "enrolment",
        "person_role",
        "worker",
    },
}
PARTLY: dict[System, set[str]] = {
    System.CLOCK: {"action", "action_step", "referral", "risk"},
    System.OPERATOR: {"log_entry", "log_key", "log_pending"},
}


def test_V44_every_table_has_a_row_in_the_wall_and_a_reason() -> None:
    """A table that is added without one is not reached by anybody, and fails here."""
    assert set(WALLS) == set(t.metadata.tables)
    assert [name for name, wall in WALLS.items() if len(wall.why) < 20] == []


def test_no_table_is_empty_in_these_tests(lived: World) -> None:
    assert [table.name for table in TABLES if not lived.rows(table)] == []


@pytest.mark.parametrize("agency", AGENCIES)
@pytest.mark.parametrize("table", TABLES, ids=NAMES)
def test_V44_an_agency_sees_its_own_rows_and_no_others(
    lived: World, table: Table, agency: str
) -> None:
    """Both ways: nothing foreign is shown, and nothing that is needed is hidden."""
    assert shown(lived, agency, table) == facts_of(lived).seen(table.name, agency)


@pytest.mark.parametrize("table", TABLES, ids=NAMES)
def test_without_a_context_nothing_is_shown(lived: World, table: Table) -> None:
    assert shown(lived, None, table) == []
    assert shown(lived, "", table) == []


@pytest.mark.parametrize("table", TABLES, ids=NAMES)
def test_an_agency_that_nobody_registered_sees_what_everybody_does(
    lived: World, table: Table
) -> None:
    months = [row for row in lived.rows(t.log_key) if len(row["subject"]) == 7]
    known = lived.rows(table) if table.name in EVERYBODY else []
    assert shown(lived, "nobody", table) == (months if table is t.log_key else known)


@pytest.mark.parametrize("system", System)
@pytest.mark.parametrize("table", TABLES, ids=NAMES)
def test_a_named_context_sees_what_its_statements_need_and_no_more(
    lived: World, table: Table, system: System
) -> None:
    found, all_rows = shown(lived, system, table), lived.rows(table)
    if table.name in SYSTEM[system] | EVERYBODY:
        assert found == all_rows
    elif table.name in PARTLY.get(system, set()):
        assert 0 < len(found) < len(all_rows)
    else:
        assert found == []


@pytest.mark.parametrize("system", System)
def test_no_named_context_reaches_what_is_sealed(lived: World, system: System) -> None:
    """No context is everything: none opens a case, and none tells what the victim wants."""
    tables = {t.section, t.section_grant, t.private_note, t.position, t.consent, t.answer}
    tables |= {t.referral_version, t.research_return}
    for table in tables | ({t.case_key} if system is not System.KEEPER else set()):
        assert shown(lived, system, table) == []


def test_who_keeps_one_case_sees_that_one_and_no_other(lived: World) -> None:
    """Renewing its keys or ending it: everything of it, and nothing of another."""
    case_ids = [row["id"] for row in lived.rows(t.case)]
    for case_id in case_ids:
        for table in TABLES:
            if "case_id" in table.c and table.name not in ("log_entry", "log_pending", "tombstone"):
                found = shown(lived, kept(case_id), table)
                if table is not t.link:
                    assert found == lived.rows(table, case_id=case_id)
        assert [row["id"] for row in shown(lived, kept(case_id), t.case)] == [case_id]
        references = {row["reference"] for row in lived.rows(t.referral, case_id=case_id)}
        seen = shown(lived, kept(case_id), t.referral_version)
        assert {row["reference"] for row in seen} == references
    assert shown(lived, kept("-"), t.section) == []


def test_a_named_context_ends_with_its_block(lived: World) -> None:
    """Also where the block fails, and inside another one: nobody goes on with what it showed."""
    with begin(lived.sessions, lived.keys, _CHURCH, lived.now) as work:
        work.count("test")
        with work.matching():
            everyone = len(read(work.session, t.party_token))
            with work.timing():
                assert read(work.session, t.party_token) == []
            assert len(read(work.session, t.party_token)) == everyone > 0
        assert read(work.session, t.party_token) == []
        row = insert(t.party_token).inline().values(party_id="x", token=b"x")
        with pytest.raises(SQLAlchemyError), work.matching(), work.session.begin_nested():
            work.session.execute(row)
        assert read(work.session, t.party_token) == []


def test_the_clock_sees_the_cases_of_a_conference_alone(lived: World) -> None:
    listed = {row["case_id"] for row in lived.rows(t.conference_case)}
    for table in (t.risk, t.referral):
        assert {row["case_id"] for row in shown(lived, System.CLOCK, table)} == listed


def test_an_ended_part_is_the_end_of_what_is_seen(lived: World) -> None:
    case_id = lived.rows(t.conference_case)[0]["case_id"]
    assert case_id in {row["case_id"] for row in shown(lived, POLICE, t.section)}
    end = "UPDATE assignment SET until = {} WHERE case_id = :case AND agency_id = :agency"
    lived.execute(end.format("at"), case=case_id, agency=POLICE)
    try:
        for table in (t.section, t.section_grant, t.case_key, t.position, t.log_entry):
            seen = {row["case_id"] for row in shown(lived, POLICE, table)}
            assert case_id not in seen - {None} or table is t.log_entry
    finally:
        lived.execute(end.format("NULL"), case=case_id, agency=POLICE)
