"""Promise 5: a grant is the ceiling, the decision the gate, and grants are derived."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from gateway.client.access import ProblemError
from gateway.client.agent import answer_once
from gateway.disclosure import ALERT_PART, SCAN_PART, list_facts
from gateway.flows import agencies
from gateway.rules import disclosure as rule
from gateway.rules.facts import Allowed, Caller
from gateway.schemas.codes import CaseRole, Level, Purpose
from gateway.sealing import sections as seal
from gateway.store import seal_requests
from gateway.store import sections as stored
from gateway.store import tables as t
from tests.journeys.world import World, example, graded, position, seen

LANDLORD, OTHER, HOSPITAL = "harbourgate-homes", "tidewell-housing", "marlbury-hospital"
IDVA, COORDINATOR, POLICE = "marlbury-idva", "marlbury-marac", "marlbury-police"
GATEWAY = "@gateway"
POSITIONS = ("GIVEN", "WITHHELD", "WITHDRAWN", "NOT_SOUGHT_UNSAFE", "UNRECORDED")


# --- stored is derived -----------------------------------------------------------------------


def opens(part: str, level: Level, *, is_own: bool, is_alerted: bool) -> bool:
    """Whether a level opens a stored part, by the words of the need-to-know table alone."""
    if part == SCAN_PART:
        return False
    if part == ALERT_PART:
        return is_alerted and level is Level.SUMMARY
    if is_alerted:
        return False
    if part == "SUMMARY":
        return level is Level.SUMMARY or (is_own and level is Level.FULL)
    return level is Level.FULL


def due(world: World, case_id: str) -> set[tuple[str, str]]:
    """(section id, agency) pairs that some purpose opens: every decision asked one by one."""
    profiles = world.app.extensions["gateway"].profiles
    with Session(world.engine) as session:
        facts = list_facts(session, [case_id], on=world.now.date())[case_id]
        rows = stored.list_sections(session, [case_id])
    found = set()
    for member, purpose in product(facts.members.values(), Purpose):
        caller = Caller(member.agency_id, member.kind, "")
        decision = rule.decide(facts, caller, purpose, profiles.matrix(world.now.date()))
        if not isinstance(decision, Allowed):
            continue
        is_alerted = member.roles == {CaseRole.ALERTED}
        for row in rows:
            is_own = row.owner_id == member.agency_id
            level = decision.level(row.name, is_own=is_own)
            is_for_it = row.audience in (None, member.agency_id)
            if is_for_it and opens(row.part, level, is_own=is_own, is_alerted=is_alerted):
                found.add((row.section_id, member.agency_id))
    return found


def held(world: World, case_id: str) -> set[tuple[str, str]]:
    """(section id, agency) pairs that are stored."""
    rows = world.rows(t.section_grant, case_id=case_id)
    return {(row["section_id"], row["agency_id"]) for row in rows}


def owed(world: World, case_id: str) -> set[tuple[str, str]]:
    """(section, agency) pairs that a sealed copy is owed for, by the words of the table alone."""
    matrix = world.app.extensions["gateway"].profiles.matrix(world.now.date())
    with Session(world.engine) as session:
        facts = list_facts(session, [case_id], on=world.now.date())[case_id]
    found = set()
    for section, member in product(facts.sections, facts.members.values()):
        is_owed = section.name in matrix.exclusive and section.owner != member.agency_id
        if not is_owed or not section.sealed_to or member.agency_id in section.sealed_to:
            continue
        asked = replace(section, sealed_to=frozenset({member.agency_id}))
        others = tuple(each for each in facts.sections if each is not section)
        supposed = replace(facts, sections=(asked, *others))
        caller = Caller(member.agency_id, member.kind, "")
        decisions = (rule.decide(supposed, caller, purpose, matrix) for purpose in Purpose)
        if any(d and d.level(section.name, is_own=False) is Level.FULL for d in decisions):
            found.add((section.name, member.agency_id))
    return found


def asked(world: World, case_id: str) -> set[tuple[str, str]]:
    """(section, agency) pairs for which a request stands open."""
    with Session(world.engine) as session:
        return {row[:2] for row in seal_requests.list_open(session, case_id)}


class Walk:
    """A random life of a few referrals, each step over the API."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.random = random.Random(seed)  # noqa: S311 - a walk that repeats
        self.refs: list[tuple[str, str]] = []
        self.conference: str | None = None
        self.statuses: set[int] = set()

    def steps(self, number: int) -> Iterator[str]:
        acts: tuple[Callable[[], object], ...] = (
            self.refer,
            self.position,
            self.position,
            self.consent,
            self.override,
            self.decide,
            self.decide,
            self.list,
            self.assess,
            self.acknowledge,
            self.resubmit,
            self.withdraw,
            self.stop_or_resume,
            self.seal,
        )
        self.refer()
        for _ in range(number):
            act = self.random.choice(acts)
            self.world.later(minutes=7)
            try:
                act()
            except ProblemError as problem:
                self.statuses.add(problem.status)
                continue
            yield getattr(act, "__name__", "")

    def pick(self) -> tuple[str, str]:
        return self.random.choice(self.refs)

    def form(self) -> dict[str, Any]:
        where = self.random.choice(POSITIONS[:2])
        forms: tuple[Callable[[], dict[str, Any]], ...] = (
            lambda: example("c1"),
            lambda: example("c5"),
            lambda: graded(12, victim__position=where),
            lambda: graded(5, victim__position=where, children_concern="SIGNIFICANT_HARM"),
            lambda: example("c2", override_record=None),
        )
        return self.random.choice(forms)()

    def refer(self) -> None:
        agency = self.random.choice((LANDLORD, OTHER, HOSPITAL))
        self.refs.append((agency, self.world.client(agency).refer(self.form()).reference))

    def position(self) -> None:
        agency, ref = self.pick()
        code = self.random.choice(POSITIONS)
        if code == "UNRECORDED":
            return
        conditions = self.random.choice(
            ([], [{"text": "not the police", "excludes_kind": "POLICE"}])
        )
        day = self.world.now.date().isoformat()
        extra = {"withdrawn_on": day} if code == "WITHDRAWN" else {}
        self.world.client(agency).record_position(
            ref, position(code, conditions=conditions, **extra)
        )

    def consent(self) -> None:
        """A dated position, with a limit on a class of data or a purpose."""
        agency, ref = self.pick()
        code = self.random.choice(("GIVEN", "WITHDRAWN"))
        today = self.world.now.date()
        ends = (today + timedelta(days=40)).isoformat()
        term = {"starts_on": today.isoformat(), "expires_on": ends} if code == "GIVEN" else {}
        limits: tuple[dict[str, str], ...] = (
            {"text": "no health", "excludes_kind": "IDVA", "excludes_category": "D10"},
            {"text": "not for court", "excludes_purpose": "P8"},
        )
        self.world.client(agency).record_consent(
            ref,
            {
                **position(code),
                "conditions": [self.random.choice(limits)],
                "scope": ["MARAC", "IDVA"],
                "wording": {"version": "1", "language": "en"},
                "safe_to_ask": "YES",
                "safe_to_tell": "NO",
                **term,
            },
        )

    def override(self) -> None:
        agency, ref = self.pick()
        record = example("c2")["document"]["override_record"]
        self.world.client(agency).record_override(ref, {**record, "recipients": ["MARAC", "IDVA"]})

    def decide(self) -> None:
        _, ref = self.pick()
        decision = self.random.choice(
            (
                {"decision": "ACCEPT"},
                {"decision": "ACCEPT"},
                {"decision": "RETURN", "reasons": ["CRITERIA_NOT_EVIDENCED"]},
                {"decision": "EMERGENCY"},
            )
        )
        self.world.client(COORDINATOR).decide(ref, decision)

    def list(self) -> None:
        coordinator = self.world.client(COORDINATOR)
        if self.conference is None:
            self.conference = coordinator.create_conference(
                {
                    "area": "MARLBURY",
                    "starts_at": "2027-01-08T09:30:00Z",
                    "attendees": [POLICE, "marlbury-gp", "marlbury-csc", "marlbury-college"],
                }
            )["conference"]
        coordinator.list_case(self.conference, self.pick()[1])

    def assess(self) -> None:
        agency, ref = self.pick()
        filled = graded(self.random.choice((3, 12, 20)))["document"]["risk_assessments"]["value"]
        self.world.client(agency).assess(ref, filled[0])

    def stop_or_resume(self) -> None:
        """The area's adviser is away or back: others take cases on, and copies become owed."""
        (row,) = self.world.rows(t.agency, id=IDVA)
        act = agencies.suspend if row["suspended_at"] is None else agencies.resume
        with self.world.operator() as work:
            act(work, agency_id=IDVA)

    def seal(self) -> None:
        for agency in ("aster-women", POLICE):
            answer_once(self.world.client(agency))

    def acknowledge(self) -> None:
        self.world.client(IDVA).acknowledge(self.pick()[1], "ACCEPTED")

    def resubmit(self) -> None:
        agency, ref = self.pick()
        self.world.client(agency).resubmit(ref, self.form())

    def withdraw(self) -> None:
        agency, ref = self.pick()
        self.world.client(agency).withdraw(ref, "SENT_IN_ERROR")


def test_promise_05_a_copy_is_asked_for_exactly_as_long_as_it_is_owed(world: World) -> None:
    """The walk above meets this now and then; this is the shortest way through all of it."""
    walk = Walk(world, 1)
    walk.stop_or_resume()
    ref = world.client(LANDLORD).refer(example("c1")).reference
    case_id = world.case_of(ref)
    walk.stop_or_resume()
    assert asked(world, case_id) == owed(world, case_id) == set()
    met: list[set[tuple[str, str]]] = []
    for conditions in ([], [{"text": "not them", "excludes_agency": IDVA}], []):
        who = LANDLORD if not met or conditions else "aster-women"
        world.client(who).record_position(ref, position("GIVEN", conditions=conditions))
        assert asked(world, case_id) == owed(world, case_id)
        met.append(asked(world, case_id))
    assert met == [{("safe_contact", IDVA)}, set(), {("safe_contact", IDVA)}]
    walk.seal()
    assert asked(world, case_id) == owed(world, case_id) == set()


@pytest.mark.parametrize("seed", [1, 2])
def test_promise_05_stored_grants_are_the_derived_ones_whatever_happened(
    world: World, seed: int
) -> None:
    walk = Walk(world, seed)
    steps = set()
    for step in walk.steps(24):
        steps.add(step)
        for _, ref in walk.refs:
            case_id = world.case_of(ref)
            assert held(world, case_id) == due(world, case_id), step
            assert asked(world, case_id) == owed(world, case_id), step
    assert walk.statuses <= {401, 404, 409}  # refused as out of turn, never as malformed
    assert len(steps) >= 5  # the walk went somewhere
    assert any(held(world, world.case_of(ref)) for _, ref in walk.refs)


# --- two barriers ----------------------------------------------------------------------------


def test_promise_05_without_the_grant_the_decision_opens_nothing(world: World) -> None:
    ref = world.client(LANDLORD).refer(example("c1")).reference
    case_id = world.case_of(ref)
    assert seen(world.client(IDVA), ref, "P2")["incidents"][1]["incidents"]
    (row,) = [
        row
        for row in world.rows(t.section, case_id=case_id)
        if (row["name"], row["part"]) == ("incidents", "FULL")
    ]
    with world.engine.begin() as connection:
        connection.execute(
            delete(t.section_grant).where(
                t.section_grant.c.section_id == row["id"], t.section_grant.c.agency_id == IDVA
            )
        )
    assert seen(world.client(IDVA), ref, "P2")["incidents"][1] == {"present": True}


def forge(world: World, case_id: str, agency: str) -> None:
    """Give an agency every key of a case, as somebody with the case key could."""
    key = world.case_key(case_id)
    rows = []
    for row in world.rows(t.section, case_id=case_id):
        section_key = seal.open_grant(
            key, row["key"], case_id=case_id, section_id=row["id"], agency_id=GATEWAY
        )
        wrapped = seal.wrap_grant(
            key, section_key, case_id=case_id, section_id=row["id"], agency_id=agency
        )
        rows.append(
            {
                "section_id": row["id"],
                "agency_id": agency,
                "case_id": case_id,
                "wrapped": wrapped,
            }
        )
    with world.engine.begin() as connection:
        connection.execute(delete(t.section_grant).where(t.section_grant.c.agency_id == agency))
        connection.execute(insert(t.section_grant), rows)


def test_promise_05_without_the_decision_the_grant_opens_nothing(world: World) -> None:
    ref = world.client(LANDLORD).refer(example("c1")).reference
    case_id = world.case_of(ref)
    forge(world, case_id, POLICE)  # no part in the case at all
    with pytest.raises(ProblemError) as problem:
        world.client(POLICE).pull(ref, "P1")
    assert problem.value.status == 404
    before = seen(world.client(IDVA), ref, "P2")
    forge(world, case_id, IDVA)  # keys of what it sees only in part
    after = seen(world.client(IDVA), ref, "P2")
    assert after == before
    assert after["health"] == ("SUMMARY", {"present": True})
    assert "orientation" not in after


def test_promise_05_a_forged_grant_does_not_open(world: World) -> None:
    """Wrapped for the police, put in the row of the adviser."""
    ref = world.client(LANDLORD).refer(example("c1")).reference
    case_id = world.case_of(ref)
    world.execute(
        "UPDATE section_grant SET wrapped = (SELECT g.wrapped FROM section_grant g WHERE "
        "g.section_id = section_grant.section_id AND g.agency_id = :other) "
        "WHERE case_id = :case AND agency_id = :agency AND EXISTS (SELECT 1 FROM section_grant g "
        "WHERE g.section_id = section_grant.section_id AND g.agency_id = :other)",
        case=case_id,
        agency=IDVA,
        other=LANDLORD,
    )
    wire = world.wire(IDVA)
    answer = wire.ask("GET", f"/v1/cases/{ref}?purpose=P2", "cases:read")
    assert answer.status_code in (400, 500, 503)
    assert "Elena" not in answer.text


# --- classes and keys ------------------------------------------------------------------------


def lived(world: World) -> list[str]:
    """The five examples, accepted and listed, so that everybody who can be asked is asked."""
    coordinators = {"c3": "marlbury-marac"}
    senders = {
        "c1": LANDLORD,
        "c2": "marlbury-college",
        "c3": "fenhollow-idva",
        "c4": "marlbury-gp",
        "c5": HOSPITAL,
    }
    conference = world.client(COORDINATOR).create_conference(
        {
            "area": "MARLBURY",
            "starts_at": "2027-01-08T09:30:00Z",
            "attendees": [POLICE, "marlbury-gp", "marlbury-csc", "marlbury-college", "aster-women"],
        }
    )["conference"]
    refs = []
    for name, sender in senders.items():
        ref = world.client(sender).refer(example(name)).reference
        refs.append(ref)
        coordinator = world.client(coordinators.get(name, COORDINATOR))
        with contextlib.suppress(ProblemError):
            coordinator.decide(ref, {"decision": "ACCEPT"})
            coordinator.list_case(conference, ref)
    return refs


def test_M2_a_class_that_policy_does_not_permit_is_never_wrapped_for_that_agency(
    world: World,
) -> None:
    """Whoever holds the database and every agency's keys finds nothing wrapped for who may not."""
    matrix = world.app.extensions["gateway"].profiles.matrix(world.now.date())
    wrapped, refused = 0, set()
    for ref in lived(world):
        case_id = world.case_of(ref)
        with Session(world.engine) as session:
            facts = list_facts(session, [case_id], on=world.now.date())[case_id]
        sections = {row["id"]: row for row in world.rows(t.section, case_id=case_id)}
        grants = world.rows(t.section_grant, case_id=case_id)
        for grant in grants:
            row, agency = sections[grant["section_id"]], grant["agency_id"]
            member = facts.members[agency]
            permitted = {
                purpose: decision.level(row["name"], is_own=row["owner_id"] == agency)
                for purpose in Purpose
                if (
                    decision := rule.decide(facts, Caller(agency, member.kind, ""), purpose, matrix)
                )
            }
            assert set(permitted.values()) & {Level.FULL, Level.SUMMARY}, (agency, row["name"])
            assert row["audience"] in (None, agency)
            wrapped += 1
        held_by = {(sections[g["section_id"]]["name"], g["agency_id"]) for g in grants}
        refused |= {
            (row["name"], member.kind)
            for row in sections.values()
            for member in facts.members.values()
            if (row["name"], member.agency_id) not in held_by
        }
    assert wrapped > 100
    # Among those with a part in a case, whole classes stay shut: to these, for example.
    assert {("immigration", "POLICE"), ("safe_contact", "COORDINATOR")} <= refused


def test_M2_the_client_seals_to_nobody_whom_the_table_gives_less_than_all(world: World) -> None:
    """The other barrier stands at the sender: no copy exists for whom no cell gives the row."""
    matrix = world.app.extensions["gateway"].profiles.matrix(world.now.date())
    kinds = {row["id"]: row["kind"] for row in world.rows(t.agency)}
    lived(world)
    copies = [row for row in world.rows(t.section) if row["part"] == "SEALED"]
    assert {row["name"] for row in copies} == matrix.exclusive
    for row in copies:
        cell = matrix.cells[matrix.section_category[row["name"]], kinds[row["audience"]]]
        assert any(way.level is Level.FULL and way.condition is None for way in cell)
