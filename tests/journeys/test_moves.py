"""How a case leaves its way: withdrawn by two, closed, or handed to the area she moved to."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.client.access import ProblemError
from gateway.client.agent import answer_once
from gateway.disclosure import derive, list_facts
from gateway.errors import Conflict
from gateway.rules import moving
from gateway.rules.moving import Was, back
from gateway.rules.states import EDGES
from gateway.schemas.action_codes import FlagAct
from gateway.schemas.codes import CaseRole, CaseState, RiskLevel
from gateway.schemas.move_codes import REASONS, MoveAct, MoveReason
from gateway.store import cases, flags, members, sections
from gateway.store import tables as t
from gateway.store.cases import By
from gateway.store.flags import FlagRow
from gateway.store.members import NewAssignment
from tests.journeys import acting
from tests.journeys.acting import PROFILES, doing
from tests.journeys.walled import SOMEBODY, add_worker, chair
from tests.journeys.world import CHAIR, World, example

HERE, THERE = "marlbury-marac", "fenhollow-marac"
IDVA, THEIR_IDVA, LANDLORD = "marlbury-idva", "fenhollow-idva", "harbourgate-homes"
OFFER = {"act": "TRANSFER", "reason": "MOVED_FOR_GOOD", "area": "FENHOLLOW"}
TAKE = {"act": "RECEIVE"}
REFUSE = {"act": "DECLINE", "reason": "NOT_IN_AREA"}


@pytest.fixture(name="world")
def _world(shared_world: World) -> World:
    return shared_world


def accepted(world: World, name: str = "c1", by: str = LANDLORD) -> str:
    reference = str(world.client(by).refer(example(name)).reference)
    world.client(HERE).decide(reference, {"decision": "ACCEPT"})
    return reference


def put(world: World, reference: str, *states: CaseState) -> None:
    """Let a case stand somewhere."""
    with doing(world, HERE) as work:
        by = By(HERE, "marac-01", world.now)
        case_id = world.case_of(reference)
        cases.add_states(work.session, case_id=case_id, states=states, because="test", by=by)
        work.record("case.heard", case_id, because="test")


def states(world: World, reference: str) -> list[str]:
    rows = world.rows(t.state, case_id=world.case_of(reference))
    return [str(row["state"]) for row in sorted(rows, key=lambda row: row["seq"])]


def code(
    world: World, agency: str, reference: str, document: Any, worker: str = ""
) -> tuple[int, str]:
    """What an act is refused with."""
    client = world.client(agency, worker) if worker else world.client(agency)
    with pytest.raises(ProblemError) as refused:
        client.move(reference, document)
    return refused.value.status, refused.value.code


def status(world: World, agency: str, reference: str) -> dict[str, Any]:
    return next(e for e in world.client(agency).referrals()["items"] if e["reference"] == reference)


def is_derived(world: World, reference: str) -> bool:
    """Whether the stored grants of a case are those that its facts and the rules give."""
    with doing(world, HERE) as work:
        case_id = world.case_of(reference)
        work.count("test.looked")
        facts = list_facts(work.session, [case_id], on=work.today)[case_id]
        profile = PROFILES.for_area(facts.area, work.today)
        due = derive(facts, sections.list_sections(work.session, [case_id]), profile)
        held: dict[str, set[str]] = {}
        for grant in sections.list_grants(work.session, case_id):
            held.setdefault(grant.section_id, set()).add(grant.agency_id)
    return held == {section: agencies for section, agencies in due.items() if agencies}


# --- to another area ----------------------------------------------------------------------------


def test_F26_a_case_is_offered_taken_on_and_lost_by_nobody_in_between(world: World) -> None:
    reference = accepted(world)
    contact = world.client(IDVA).pull(reference).reveal()
    assert world.client(HERE).move(reference, OFFER) == {
        "act": "TRANSFER",
        "state": "TRANSFER_OUT_PENDING",
    }
    # The old area keeps its duty, and its sight.
    assert world.client(IDVA).pull(reference).reveal() == contact
    assert world.client(HERE).pull(reference, "P9").document["state"] == "TRANSFER_OUT_PENDING"
    # The new one reads what a named agency may, at once; where she is goes by a holder's hand.
    before = world.client(THERE).pull(reference, "P9").document
    levels = {each["section"]: each["level"] for each in before["sections"]}
    assert levels["victim_identity"] == "FULL"
    assert levels["safe_contact"] == "INDICATOR"
    assert {"minutes", "health", "mental_health"}.isdisjoint(levels)
    assert world.client(THEIR_IDVA).pull(reference).sealed == {}
    assert answer_once(world.client(IDVA))
    assert world.client(THEIR_IDVA).pull(reference).reveal() == contact
    taken = world.client(THERE).move(reference, TAKE)
    assert taken["state"] == states(world, reference)[-1] == "TRANSFERRED_OUT"
    new = taken["reference"]
    assert is_derived(world, reference)
    assert is_derived(world, new)
    kept = world.rows(t.section, case_id=world.case_of(new))
    assert {row["audience"] for row in kept} == {None, THEIR_IDVA}  # the old readers stay behind
    assert {row["owner_id"] for row in kept} == {LANDLORD}
    # The new area has a case of its own, and who supports her there reads all of it.
    moved = world.client(THEIR_IDVA).pull(new)
    assert moved.reveal() == contact
    case = world.client(THERE).pull(new, "P9").document
    assert "TRANSFER_IN" in case["triage"]["criteria"]
    assert [each["agency"] for each in case["triage"]["sources"]] == [HERE]
    links = [(each["kind"], each["status"]) for each in case["triage"]["links"]]
    assert ("SAME_PEOPLE", "CONFIRMED") in links
    # The old one has its own record, and no part in the new one but to be told how it stands.
    for agency in (HERE, IDVA, LANDLORD):
        assert code_of_pull(world, agency, new) == 404, agency
    for agency in (HERE, IDVA, THERE, THEIR_IDVA):
        assert code_of_pull(world, agency, reference) == 404, agency
    told = status(world, LANDLORD, reference)
    assert [each["code"] for each in told["feedback"]] == ["TRANSFERRED"]
    assert (told["status"], told["reasons"]) == ("IN_PROGRESS", [])
    assert status(world, HERE, new)["status"] == "RECEIVED"
    # And it is listed there as one that moved in.
    world.client(THERE).decide(new, {"decision": "ACCEPT"})
    conference = world.client(THERE).create_conference(
        {"area": "FENHOLLOW", "starts_at": "2026-12-10T09:30:00Z", "attendees": [THEIR_IDVA]}
    )["conference"]
    assert world.client(THERE).list_case(conference, new)["kind"] == "TRANSFER_IN"


def code_of_pull(world: World, agency: str, reference: str) -> int:
    purpose = "P9" if agency.endswith("marac") else "P2"
    with pytest.raises(ProblemError) as refused:
        world.client(agency).pull(reference, purpose)
    return int(refused.value.status)


def test_V02_an_address_of_the_old_area_is_not_hers_in_the_new(world: World) -> None:
    reference = accepted(world)
    was = world.client(IDVA).pull(reference)
    place = part(was, "victim_address")["victim"]["address"]["value"]
    world.client(HERE).move(reference, OFFER)
    new = world.client(THERE).move(reference, TAKE)["reference"]
    now = part(world.client(THEIR_IDVA).pull(new), "victim_address")["victim"]
    assert now["address"] == {"absent": "UNSAFE_TO_ASK"}
    assert now["previous_addresses"][0]["lines"] == place["lines"]
    identity = part(world.client(THEIR_IDVA).pull(new), "victim_identity")["victim"]
    assert identity["family_name"] == part(was, "victim_identity")["victim"]["family_name"]


def part(pulled: Any, name: str) -> Any:
    return next(e["content"] for e in pulled.document["sections"] if e["section"] == name)


def test_F26_whoever_declines_loses_it_and_the_old_area_goes_on(world: World) -> None:
    reference = accepted(world)
    world.client(HERE).move(reference, OFFER)
    assert answer_once(world.client(IDVA))
    world.client(THERE).move(reference, {**REFUSE, "note": "She never came."})
    assert states(world, reference)[-2:] == ["TRANSFER_OUT_PENDING", "LISTED"]
    assert is_derived(world, reference)
    for agency in (THERE, THEIR_IDVA):
        assert code_of_pull(world, agency, reference) == 404
    assert code(world, THERE, reference, TAKE) == (404, "not_found")
    assert world.client(IDVA).pull(reference).sealed
    # It stood on no list: now it can come on one.
    conference = acting.a_conference(world)
    world.client(HERE).list_case(conference, reference)
    assert states(world, reference)[-1] == "LISTED"
    # And it can be offered again, and called back.
    world.client(HERE).move(reference, OFFER)
    assert world.client(THERE).pull(reference, "P9")
    world.client(HERE).move(reference, {"act": "RECALL", "reason": "NOT_MOVED"})
    assert code_of_pull(world, THERE, reference) == 404
    assert status(world, LANDLORD, reference)["feedback"] == []


def test_V03_only_the_area_that_it_was_offered_to_answers(world: World) -> None:
    reference = accepted(world)
    for document in (OFFER, TAKE, REFUSE):
        for agency in (THERE, IDVA, LANDLORD, THEIR_IDVA):
            assert code(world, agency, reference, document) == (404, "not_found"), agency
    world.client(HERE).move(reference, OFFER)
    for agency in (IDVA, LANDLORD, THEIR_IDVA):
        assert code(world, agency, reference, TAKE) == (404, "not_found"), agency
    assert code(world, HERE, reference, TAKE) == (409, "receiver_only")
    assert code(world, THERE, reference, OFFER) == (404, "not_found")
    assert code(world, THERE, reference, {"act": "RECALL", "reason": "NOT_MOVED"})[0] == 404
    assert code(world, HERE, reference, OFFER) == (409, "illegal_state")


def test_V05_who_is_close_to_somebody_in_the_new_area_sees_no_offer(world: World) -> None:
    reference = accepted(world, "c2", "marlbury-college")
    add_worker(world, THERE, "marac-05")
    told = {"people": [{**SOMEBODY["people"][0], "closeness": "SELF"}, friend(world, reference)]}
    world.client(THERE, "marac-05").walls.declare(told)
    world.client(HERE).move(reference, OFFER)
    assert code(world, THERE, reference, TAKE, "marac-05") == (404, "not_found")
    assert states(world, reference)[-1] == "TRANSFER_OUT_PENDING"


def friend(world: World, reference: str) -> dict[str, Any]:
    """Her, as somebody close to her would declare her."""
    victim = example("c2")["document"]["victim"]
    return {
        "closeness": "CLOSE_FRIEND",
        "given_names": victim["given_names"],
        "family_name": victim["family_name"],
        "dob": victim["dob"]["value"],
        "dob_precision": victim["dob_precision"],
    }


def test_F26_two_end_a_case_by_an_area_outside_and_one_alone_does_not(world: World) -> None:
    reference = accepted(world)
    away = {"act": "TRANSFER", "reason": "MOVED_FOR_A_TIME", "outside": True}
    told = {**TAKE, "note": "R. Quill of Saltmere wrote that they have her."}
    assert code(world, HERE, reference, away) == (404, "not_found")  # software is nobody
    chair(world).move(reference, away)
    assert refusals(world, reference, told) == {"software": "chair_only", "chair": "same_person"}
    world.client(HERE, "marac-01").move(reference, {"act": "RECALL", "reason": "NOT_MOVED"})
    world.client(HERE, "marac-01").move(reference, away)
    assert code(world, HERE, reference, told, "marac-01") == (409, "chair_only")
    with pytest.raises(ProblemError) as silent:
        chair(world).move(reference, TAKE)
    assert (silent.value.status, silent.value.code) == (422, "invalid")
    assert states(world, reference)[-1] == "TRANSFER_OUT_PENDING"
    assert chair(world).move(reference, told) == {"act": "RECEIVE", "state": "TRANSFERRED_OUT"}
    assert [e["code"] for e in status(world, LANDLORD, reference)["feedback"]] == ["TRANSFERRED"]


def test_F26_what_software_offered_no_chair_alone_notes_as_taken_on() -> None:
    offered = Was(CaseState.TRANSFER_OUT_PENDING, f"{moving.TRANSFER}:-", (HERE, None))
    with pytest.raises(Conflict) as refused:
        moving.note_outside(offered, (HERE, CHAIR), by_chair=True)
    assert refused.value.code == "same_person"


def refusals(world: World, reference: str, document: Any) -> dict[str, str]:
    """What software without a worker, and a chair, are refused with."""
    found = {}
    for who, client in (("software", world.client(HERE)), ("chair", chair(world))):
        with pytest.raises(ProblemError) as refused:
            client.move(reference, document)
        found[who] = str(refused.value.code)
    return found


def test_F26_a_chair_alone_offers_what_is_monitored(world: World) -> None:
    reference = accepted(world)
    put(world, reference, CaseState.MONITORING)
    assert code(world, HERE, reference, OFFER) == (409, "chair_only")
    assert code(world, HERE, reference, OFFER, "marac-01") == (409, "chair_only")
    assert chair(world).move(reference, OFFER)["state"] == "TRANSFER_OUT_PENDING"


def test_F26_a_case_goes_back_to_where_it_came_from(world: World) -> None:
    reference = accepted(world)
    world.client(HERE).move(reference, OFFER)
    new = world.client(THERE).move(reference, TAKE)["reference"]
    world.client(THERE).decide(new, {"decision": "ACCEPT"})
    back_again = {**OFFER, "area": "MARLBURY"}
    world.client(THERE).move(new, back_again)
    world.client(HERE).move(new, REFUSE)  # who referred it stays its referrer, and no more
    assert standing(world, new, HERE) == {"REFERRER"}
    assert is_derived(world, new)
    world.client(THERE).move(new, back_again)
    assert standing(world, new, HERE) == {"REFERRER", "NAMED"}
    home = world.client(HERE).move(new, TAKE)["reference"]
    assert world.client(HERE).pull(home, "P9").document["state"] == "TRIAGE"


def test_V03_who_was_named_for_an_offer_does_not_stay_named(world: World) -> None:
    reference = accepted(world)
    world.client(HERE).move(reference, OFFER)
    with doing(world, HERE) as work:
        role = NewAssignment(THEIR_IDVA, CaseRole.RESEARCH, "listed")
        case_id = world.case_of(reference)
        members.add_assignments(work.session, case_id=case_id, assignments=[role], at=work.now)
        work.record("conference.list", case_id, because="test")
    world.client(THERE).move(reference, REFUSE)
    assert standing(world, reference, THEIR_IDVA) == {"RESEARCH"}
    assert standing(world, reference, THERE) == set()
    assert is_derived(world, reference)


def standing(world: World, reference: str, agency: str) -> set[str]:
    """The roles that an agency has in a case now."""
    rows = world.rows(t.assignment, case_id=world.case_of(reference), agency_id=agency)
    return {str(row["role"]) for row in rows if row["until"] is None}


def test_F26_to_ask_for_a_withdrawal_takes_no_case_off_the_lists(world: World) -> None:
    reference = accepted(world)
    world.client(HERE).move(reference, OFFER)
    world.client(HERE).move(reference, {"act": "RECALL", "reason": "NOT_MOVED"})
    world.client(HERE, "marac-01").move(reference, ASK)
    page = world.client(HERE).list_case(acting.a_conference(world), reference)
    assert page["state"] == "LISTED"
    world.client(HERE, "marac-01").move(reference, ASK)
    with pytest.raises(ProblemError) as twice:  # now it stands on a list
        world.client(HERE).list_case(
            acting.a_conference(world, at="2026-12-17T09:30:00Z"), reference
        )
    assert twice.value.code == "illegal_state"


def test_promise_02_the_note_of_a_move_is_read_by_who_coordinates_alone(world: World) -> None:
    reference = accepted(world)
    world.client(HERE, "marac-01").move(reference, {**ASK, "note": "She is with Rosamund now."})
    assert "Rosamund" in str(world.client(HERE).pull(reference, "P9").document)
    for agency in (IDVA, LANDLORD):
        got = world.client(agency).pull(reference, "P9").document
        assert not {"minutes", "move_note"} & {each["section"] for each in got["sections"]}, agency
    (row,) = world.rows(t.section, case_id=world.case_of(reference), name="move_note")
    held = world.rows(t.section_grant, section_id=row["id"])
    assert {each["agency_id"] for each in held} <= {HERE, "@gateway"}


def test_F26_a_list_that_is_out_is_heard_first_unless_the_areas_agree(world: World) -> None:
    reference = accepted(world)
    put(world, reference, CaseState.LISTED, CaseState.RESEARCH)
    assert code(world, HERE, reference, OFFER) == (409, "circulated")
    world.client(HERE).move(reference, {**OFFER, "agreed": True})
    assert states(world, reference)[-1] == "TRANSFER_OUT_PENDING"


def flagged(world: World, reference: str) -> Any:
    """Place a flag for a year; until when."""
    with doing(world, HERE) as work:
        case_id, until = world.case_of(reference), work.today.replace(year=work.today.year + 1)
        row = FlagRow(case_id, 1, FlagAct.PLACED, until, None, HERE, "marac-01", work.now)
        flags.add_act(work.session, row)
        work.record("flag.settled", case_id, because="test")
    return until


def test_F88_while_its_flag_stands_only_a_chair_closes_a_case_and_says_why(world: World) -> None:
    reference = accepted(world)
    put(world, reference, CaseState.MONITORING)
    flagged(world, reference)
    close = {"act": "CLOSE", "reason": "PLAN_DONE"}
    for note in ({}, {"note": "They moved abroad."}):
        assert code(world, HERE, reference, {**close, **note}) == (409, "flag_stands")
    with pytest.raises(ProblemError) as silent:
        chair(world).move(reference, close)
    assert silent.value.code == "flag_stands"
    chair(world).move(reference, {**close, "note": "They moved abroad."})
    assert states(world, reference)[-1] == "CLOSED"


def test_F88_a_flag_goes_on_in_the_new_area_until_its_day(world: World) -> None:
    reference = accepted(world)
    put(world, reference, CaseState.LISTED, CaseState.RESEARCH, CaseState.READY, CaseState.HEARD)
    until = flagged(world, reference)
    world.client(HERE).move(reference, OFFER)
    new = world.client(THERE).move(reference, TAKE)["reference"]
    (flag,) = world.rows(t.flag, case_id=world.case_of(new))
    assert (flag["until"], str(flag["act"]), flag["by_agency"]) == (until, "PLACED", THERE)


@pytest.mark.parametrize("area", ["MARLBURY", "NOWHERE"])
def test_an_area_that_nobody_serves_or_its_own_is_none_to_go_to(world: World, area: str) -> None:
    reference = accepted(world)
    assert code(world, HERE, reference, {**OFFER, "area": area})[0] == 422
    assert states(world, reference)[-1] == "ACCEPTED"


# --- withdrawn and closed -----------------------------------------------------------------------

ASK = {"act": "WITHDRAW", "reason": "MADE_IN_ERROR"}


def test_F26_two_withdraw_a_case_and_the_referrer_is_told_why(world: World) -> None:
    reference = accepted(world)
    assert code(world, HERE, reference, ASK) == (404, "not_found")  # software could be both
    first = world.client(HERE, "marac-01").move(reference, {**ASK, "note": "The wrong Elena."})
    assert first == {"act": "WITHDRAW", "state": "ACCEPTED", "confirmed": False}
    assert code(world, HERE, reference, ASK) == (404, "not_found")
    assert code(world, HERE, reference, ASK, "marac-01") == (409, "same_person")
    add_worker(world, HERE, "marac-04")
    colleague = code(world, HERE, reference, ASK, "marac-04")
    assert colleague == (409, "needs_coordinator_and_chair")
    with pytest.raises(ProblemError) as other:  # of another reason nothing was asked
        chair(world).move(reference, {**ASK, "reason": "DIED"})
    assert other.value.code == "needs_coordinator_and_chair"
    assert world.client(IDVA).pull(reference).sealed
    assert chair(world).move(reference, ASK)["state"] == states(world, reference)[-1] == "WITHDRAWN"
    assert code_of_pull(world, IDVA, reference) == 404
    told = status(world, LANDLORD, reference)
    assert (told["status"], told["reasons"]) == ("WITHDRAWN", ["MADE_IN_ERROR"])


@pytest.mark.parametrize("reason", ["MOVED_AWAY", "DUPLICATE"])
def test_V43_what_a_withdrawal_would_tell_of_her_or_others_is_not_told(
    world: World, reason: str
) -> None:
    reference = accepted(world)
    for client in (world.client(HERE, "marac-01"), chair(world)):
        client.move(reference, {**ASK, "reason": reason})
    told = status(world, LANDLORD, reference)
    assert (told["status"], told["reasons"]) == ("WITHDRAWN", [])


def test_V11_an_objection_alone_withdraws_no_high_risk_case(world: World) -> None:
    objects = {**ASK, "reason": "VICTIM_OBJECTS"}
    assert code(world, HERE, accepted(world), objects, "marac-01") == (409, "high_risk")
    asked = moving.withdraw(
        [Was(CaseState.ACCEPTED, "", (HERE, None))],
        (HERE, "marac-01"),
        MoveReason.VICTIM_OBJECTS,
        by_chair=True,
        level=RiskLevel.MEDIUM,
    )
    assert asked is None


def test_F26_what_was_refused_is_closed_and_open_actions_keep_a_case_open(world: World) -> None:
    close = {"act": "CLOSE", "reason": "ANSWERED"}
    reference = accepted(world, "c4")
    put(world, reference, CaseState.LISTED, CaseState.RESEARCH, CaseState.READY, CaseState.HEARD)
    acting.proposed(world, reference, LANDLORD, "Fit a lock.")
    put(world, reference, CaseState.ACTIONS_OPEN, CaseState.MONITORING)
    assert code(world, HERE, reference, close) == (409, "actions_open")
    with pytest.raises(ProblemError) as silent:  # a chair says why
        chair(world).move(reference, close)
    assert silent.value.code == "actions_open"
    chair(world).move(reference, {**close, "note": "The house was pulled down."})
    assert states(world, reference)[-1] == "CLOSED"
    sent = str(world.client(LANDLORD).refer(example("c1")).reference)
    refuse = {"decision": "REJECT", "reasons": ["NOT_DOMESTIC_ABUSE"], "reason": "x"}
    world.client(HERE).decide(sent, {**refuse, "alternative_route": "y"})
    world.client(HERE).move(sent, close)
    told = status(world, LANDLORD, sent)
    assert (told["status"], told["reasons"]) == ("CLOSED", ["NOT_DOMESTIC_ABUSE"])


# --- every state by every act -------------------------------------------------------------------

LEADS = {
    MoveAct.TRANSFER: CaseState.TRANSFER_OUT_PENDING,
    MoveAct.WITHDRAW: CaseState.WITHDRAWN,
    MoveAct.CLOSE: CaseState.CLOSED,
}
LIVE = [
    state
    for state in CaseState
    if state not in (CaseState.DRAFT, CaseState.DESTROYED, CaseState.LEGAL_HOLD)
]


@pytest.mark.parametrize("state", LIVE)
def test_V22_an_act_from_a_wrong_state_is_refused_and_changes_nothing(
    world: World, state: CaseState
) -> None:
    reference = accepted(world)
    put(world, reference, state)
    before = states(world, reference)
    for act in MoveAct:
        if (to := LEADS.get(act)) and to in EDGES[state]:
            continue
        if act is MoveAct.RECALL and state is CaseState.TRANSFER_OUT_PENDING:
            continue
        document = {"act": str(act)} | ({"reason": str(REASONS[act][0])} if REASONS[act] else {})
        document |= {"area": "FENHOLLOW"} if act is MoveAct.TRANSFER else {}
        expected = {(409, "illegal_state"), (404, "not_found")}
        assert code(world, HERE, reference, document) in expected, act
    assert states(world, reference) == before


def test_every_state_that_is_offered_leads_back_by_an_edge() -> None:
    pending = CaseState.TRANSFER_OUT_PENDING
    sources = [state for state, to in EDGES.items() if pending in to]
    for state in sources:
        past = [Was(state, "", ("a", None)), Was(pending, "transfer:X", ("a", None))]
        assert back(past) in EDGES[pending]
