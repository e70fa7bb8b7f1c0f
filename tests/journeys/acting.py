"""Steps around actions that several stories take: a case that is heard, and who does what."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import timedelta

from gateway import ledger
from gateway.flows import conferences
from gateway.flows.conferences import Proposal
from gateway.ledger import Work
from gateway.profiles.loader import Profiles
from gateway.rules.facts import Caller
from gateway.schemas import reference as references
from gateway.schemas.action_codes import ActionTheme
from gateway.schemas.codes import CaseState
from gateway.schemas.meeting_codes import Attending
from gateway.store import cases
from gateway.store import tables as t
from gateway.store.cases import By
from tests.journeys.world import World, example

COORDINATOR, IDVA, LANDLORD = "marlbury-marac", "marlbury-idva", "harbourgate-homes"
POLICE, CSC, GP = "marlbury-police", "marlbury-csc", "marlbury-gp"
SOMEBODY = {
    COORDINATOR: "marac-01",
    IDVA: "idva-01",
    LANDLORD: "homes-01",
    POLICE: "police-01",
}
PROFILES = Profiles.load()


def doing(world: World, agency: str) -> AbstractContextManager[Work]:
    """The Work of somebody of an agency."""
    (row,) = world.rows(t.agency, id=agency)
    caller = Caller(agency, row["kind"], row["area"], worker_id=SOMEBODY.get(agency))
    return ledger.begin(world.sessions, world.keys, caller, world.now, profiles=PROFILES)


def a_conference(world: World, *, at: str = "2026-12-10T09:30:00Z") -> str:
    """One to which police, the IDVA service, the landlord and social care come."""
    attendees = [POLICE, IDVA, LANDLORD, CSC]
    answer = world.client(COORDINATOR).create_conference(
        {"area": "MARLBURY", "starts_at": at, "attendees": attendees}
    )
    return str(answer["conference"])


def signed(world: World, conference: str, agency: str = COORDINATOR) -> None:
    """Somebody of an agency signs the declaration of a conference."""
    digest = PROFILES.declaration.digest
    with doing(world, agency) as work:
        conferences.sign(work, conference, Attending.REPRESENTATIVE, digest)


def listed(world: World, conference: str, name: str = "c1", by: str = LANDLORD) -> str:
    """A case on the list of a conference."""
    reference = world.client(by).refer(example(name)).reference
    world.client(COORDINATOR).decide(reference, {"decision": "ACCEPT"})
    world.client(COORDINATOR).list_case(conference, reference)
    return reference


def heard(world: World, reference: str) -> None:
    """Let a listed case be heard, as the conference does."""
    states = [CaseState.RESEARCH, CaseState.READY, CaseState.HEARD]
    with doing(world, COORDINATOR) as work:
        by = By(COORDINATOR, "marac-01", world.now)
        case_id = world.case_of(reference)
        cases.add_states(work.session, case_id=case_id, states=states, because="test", by=by)
        work.record("case.heard", case_id, because="test")


def proposed(world: World, reference: str, owner: str, text: str) -> int:
    """An action that the coordinator put into the plan of a case; its number."""
    new = Proposal(ActionTheme.SAFETY_PLAN, text, owner, evidence="It is written down.")
    with doing(world, COORDINATOR) as work:
        return conferences.propose(work, str(references.read(reference)), new).number


def flagged(world: World, conference: str, *, days: int = 0) -> str:
    """A case that was heard and whose plan went out; `days` ago its flag ended, if any."""
    reference = listed(world, conference)
    heard(world, reference)
    with doing(world, COORDINATOR) as work:
        conferences.send_plan(work, conference)
    last = world.now.date() - timedelta(days=days or -5)  # a GET lists what ends soon
    case_id = world.case_of(reference)
    with world.engine.begin() as connection:
        mine = t.flag.c.case_id == case_id
        connection.execute(t.flag.update().where(mine).values(until=last))
    return reference
