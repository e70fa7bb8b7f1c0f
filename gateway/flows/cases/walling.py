"""Owns settling the wall of a case: naming deputies, confirming newcomers, setting people aside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.agencies import directory, interests, own_keys
from gateway.agencies.inbox import Answer, Received, Sent, answer_once, receive
from gateway.disclosure import CaseKey, may_know, open_case_key, regrant, seal_value
from gateway.errors import Conflict, Denied, Invalid, Problem
from gateway.flows.cases.finding import find_locked
from gateway.ledger import Work
from gateway.rules import conflict
from gateway.rules.clocks import due
from gateway.rules.facts import CaseFacts
from gateway.rules.states import stage
from gateway.schemas.codes import CaseRole, ConflictAct, Stage
from gateway.store import conferences, dated, feed, members, research
from gateway.store import tables as t
from gateway.store.members import NewAssignment
from gateway.store.research import RequestRow

FORM = "conflict/1"
KEPT_OUT = "CONFLICT"  # in the feed: somebody is kept out, or reads in another's place


def settle_conflict(work: Work, reference: str, body: Sent, *, audience: str, key: str) -> Answer:
    """Name a deputy, confirm a newcomer, set somebody aside, or lift what stands (201).

    By a worker of the coordinating agency who is not tied; anybody may set itself aside. What was
    found by the keyed index, or barred by the referral, only a chair lifts or goes around.

    :raises Denied: for everybody else: the answer is that of an unknown case.
    :raises Conflict: code chair_only, or if the deputy cannot read.
    :raises Invalid: if there is no such worker.
    """
    work.attempt("conflict.settled")
    case_id, loaded = find_locked(work, reference)
    facts = loaded.get(case_id)
    if facts is None:
        raise Denied("not-assigned", subject=case_id)
    received = receive(work, body, form=FORM, audience=audience, key=key, about=reference)
    act = ConflictAct(received.document["act"])  # of a repeated document nothing is loaded again
    is_own = act is ConflictAct.EXCLUDE and _is_itself(work, received.document)
    may = may_know(work, facts) if is_own else conflict.may_settle(facts, work.caller)
    if not may:
        raise Denied(conflict.refusal(facts, work.caller) or "not-the-coordinator", subject=case_id)
    if received.answered:
        return received.answered
    _check(work, facts, act, received.loaded)
    case_key = open_case_key(work, case_id)
    _write(work, case_key, act, received)
    _follow(work, case_key, facts, act, received.loaded)
    return answer_once(work, key, received, {"act": str(act)}, status=201)


def _is_itself(work: Work, form: Mapping[str, Any]) -> bool:
    return (form["agency"], form.get("worker")) == (work.caller.agency_id, work.caller.worker_id)


def _check(work: Work, facts: CaseFacts, act: ConflictAct, form: Mapping[str, Any]) -> None:
    agency_id, worker_id = form["agency"], form.get("worker")
    with work.matching():
        is_there = directory.has_worker(work.session, agency_id, worker_id)
    if not is_there:
        raise Invalid("There is no such worker.", Problem("unknown_code", "/worker"))
    if act in (ConflictAct.CONFIRM, ConflictAct.DEPUTY) and _is_itself(work, form):
        raise Conflict("Somebody else confirms a worker, or names it.", code="same_person")
    is_barred = agency_id in facts.conflicted
    if not work.caller.is_chair and (act is ConflictAct.LIFT or _goes_around(act, is_barred)):
        raise Conflict("This step is the chair's.", code="chair_only")
    if act is ConflictAct.DEPUTY and worker_id is not None:
        _check_deputy(work, facts, agency_id, worker_id)


def _check_deputy(work: Work, facts: CaseFacts, agency_id: str, worker_id: str) -> None:
    """Refuse a deputy who is tied too, or could not read: its agency is shut but for its key."""
    if conflict.is_tied(facts.ties, (agency_id, worker_id)):
        raise Conflict("The deputy is tied to somebody in the case, too.", code="deputy_tied")
    if not conflict.is_shut(facts, agency_id):
        return  # named for one of two sides: nobody of the agency is kept out
    if not interests.has_declared(work, agency_id, worker_id):
        raise Conflict("The deputy has not declared its interests.", code="deputy_undeclared")
    if not own_keys.list_own(work.session, agency_id, worker_id):
        raise Conflict("The deputy has no key of its own.", code="deputy_without_key")


def _goes_around(act: ConflictAct, is_barred: bool) -> bool:
    """Whether an act lets somebody of an agency read that the referral says must not receive."""
    return is_barred and act in (ConflictAct.DEPUTY, ConflictAct.CONFIRM)


def _write(work: Work, key: CaseKey, act: ConflictAct, received: Received) -> None:
    form = received.loaded
    place = {"table": "conflict_act", "column": "account", "row": key.case_id}
    dated.add_dated(
        work.session,
        t.conflict_act,
        case_id=key.case_id,
        act=act,
        agency_id=form["agency"],
        worker_id=form.get("worker"),
        account=seal_value(key, **place, value=form["reason"].encode()),
        by_agency=work.caller.agency_id,
        by_worker=work.caller.worker_id,
        at=work.now,
    )


def _follow(
    work: Work, key: CaseKey, before: CaseFacts, act: ConflictAct, form: Mapping[str, Any]
) -> None:
    """Ask a deputy's agency if it was left out, derive the grants anew, record, and tell."""
    case_id, agency_id = key.case_id, form["agency"]
    is_asked = (
        act is ConflictAct.DEPUTY
        and agency_id not in before.members
        and stage(before.state, before.in_conference) is Stage.RESEARCH
    )
    if is_asked:
        new = NewAssignment(agency_id, CaseRole.RESEARCH, "deputy")
        members.add_assignments(work.session, case_id=case_id, assignments=[new], at=work.now)
    if act is ConflictAct.DEPUTY and (is_asked or agency_id in before.members):
        _ask_research(work, before, agency_id)
    regrant(work, key, work.profiles.for_area(before.area, work.today))
    entry = work.record(
        "conflict.settled",
        case_id,
        because=str(act),
        outcome="walled",  # like who was refused: for the chair and the auditor alone
        facts={"agency": agency_id, "worker": form.get("worker")},
    )
    told = {
        each.agency_id for each in before.members.values() if CaseRole.COORDINATOR in each.roles
    }
    kinds = [(each, KEPT_OUT) for each in sorted(told - {work.caller.agency_id})]
    if act is ConflictAct.DEPUTY and (is_asked or agency_id in before.members):
        kinds.append((agency_id, "ASSIGNED"))
    feed.add_items(work.session, case_id=case_id, kinds=kinds, entry_id=entry.id)


def _ask_research(work: Work, facts: CaseFacts, agency_id: str) -> None:
    """Ask an agency that was left out, and now has a deputy, like the other attendees."""
    profile = work.profiles.for_area(facts.area, work.today)
    for row in conferences.list_of_case(work.session, facts.case_id, since=work.now):
        is_run = row.agency_id == work.caller.agency_id
        if not is_run or agency_id not in conferences.list_attendees(
            work.session, row.conference_id
        ):
            continue
        rows = research.list_requests(work.session, row.conference_id, [facts.case_id])
        by = due(profile.clocks["CLK_RESEARCH"], row.starts_at, profile.working_days)
        by = by if by > work.now else row.starts_at
        new = RequestRow(row.conference_id, facts.case_id, agency_id, work.now, by)
        if all(each.agency_id != agency_id for each in rows):
            research.add_requests(work.session, [new])
