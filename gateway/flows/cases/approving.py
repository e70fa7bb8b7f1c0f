"""Owns opening a section case by case: asked for with a reason, answered for by somebody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.agencies.inbox import Answer, Sent, answer_once, receive
from gateway.disclosure import (
    Sealed,
    disclose,
    load,
    may_know,
    open_case_key,
    open_reasons,
    regrant,
    require_purpose,
    seal_account,
    seal_answer,
    seal_decision,
)
from gateway.errors import Conflict, Denied, Invalid, Problem
from gateway.flows.cases.accessed import audit
from gateway.flows.cases.finding import facts_of, find_case, find_locked
from gateway.ledger import Entry, Work
from gateway.rules import approving
from gateway.rules.approving import Asked, may_answer
from gateway.rules.facts import CaseFacts
from gateway.schemas import moments
from gateway.schemas import reference as references
from gateway.schemas.codes import AgencyKind, ApprovalAct, ApprovalState, CaseRole, Purpose
from gateway.store import approvals, feed, ids
from gateway.store.approvals import ApprovalRow

FORM = "approval/1"
_BECOMES = {
    ApprovalAct.APPROVE: ApprovalState.APPROVED,
    ApprovalAct.REFUSE: ApprovalState.REFUSED,
    ApprovalAct.END: ApprovalState.ENDED,
}
_FROM = {
    ApprovalAct.APPROVE: (ApprovalState.ASKED,),
    ApprovalAct.REFUSE: (ApprovalState.ASKED,),
    ApprovalAct.END: (ApprovalState.ASKED, ApprovalState.APPROVED),
}


def settle_approval(work: Work, reference: str, body: Sent, *, audience: str, key: str) -> Answer:
    """Ask for a section that the table gives case by case, or answer such a question (201).

    A worker of the case's coordinator, or of an agency that contributed the section, answers; never
    the agency that asked. It is open until the end of its last day, and from the next request on.

    :raises Denied: for who may not: the answer is that of an unknown case.
    :raises Invalid: by field, for what the table does not give case by case, for a day that has
        passed or lies too far ahead, for an answer by who asked.
    :raises Conflict: if it was answered before.
    """
    work.attempt("approval.settled")
    case_id, loaded = find_locked(work, reference)
    facts = loaded.get(case_id)
    if facts is None or not may_know(work, facts):
        raise Denied("not-open", subject=case_id)
    received = receive(work, body, form=FORM, audience=audience, key=key, about=reference)
    if received.answered:
        return received.answered
    form = received.loaded
    if work.caller.worker_id is None:
        raise Invalid("A person asks and answers, by name.", Problem("needed_here", "/worker"))
    if form["act"] is ApprovalAct.ASK:
        number = _ask(work, facts, form)
    else:
        number = _answer(work, facts, form)
    return answer_once(work, key, received, {"number": number, "act": str(form["act"])}, status=201)


def list_approvals(work: Work, reference: str, purpose: Purpose, *, issuer: str) -> Sealed:
    """What was asked for in a case, with the reasons, and what became of it.

    To an agency what it asked for itself, and what it may answer for; to the auditor of the area
    all.

    :raises Denied: for everybody else.
    """
    work.attempt("approvals.read", purpose=purpose)
    require_purpose(work, purpose)
    case_id = find_case(work, reference, then=lambda ids: load(work, ids))
    is_auditor = work.caller.kind is AgencyKind.AUDITOR
    if is_auditor:
        entry, about = audit(work, case_id, event="approvals.read")
        with work.keeping(case_id):
            facts = facts_of(work, [case_id])[case_id]
    else:
        found = disclose(work, case_id, purpose, event="approvals.read", opens=())
        entry, facts, about = found.entry, found.facts, found.facts
    shown = _listed(work, facts, is_auditor=is_auditor)
    return seal_answer(
        work,
        issuer=issuer,
        form="approvals/1",
        document={"reference": references.write(reference), "approvals": shown},
        purpose=purpose,
        entry=entry,
        cases=[about],
    )


def read_questions(work: Work, facts: CaseFacts) -> list[dict[str, Any]]:
    """What waits for an answer that the caller may give, with the reasons; the caller recorded."""
    shown = _listed(work, facts, is_auditor=False)
    me, asked = work.caller, str(ApprovalState.ASKED)
    return [
        each
        for each in shown
        if each["state"] == asked
        and each["agency"] != me.agency_id
        and may_answer(facts, me, each["section"])
    ]


def _listed(work: Work, facts: CaseFacts, *, is_auditor: bool) -> list[dict[str, Any]]:
    with work.keeping(facts.case_id):
        every = approvals.list_of_case(work.session, facts.case_id)
    rows = [row for row in every if is_auditor or _concerns(work, facts, row)]
    reasons = open_reasons(work, facts, rows) if rows else {}
    return [
        {**_shown(row), "reason": reasons[row.seq].account, "why": reasons[row.seq].answer}
        for row in rows
    ]


def _ask(work: Work, facts: CaseFacts, form: Mapping[str, Any]) -> int:
    case_id, section = facts.case_id, form["section"]
    matrix = work.profiles.for_area(facts.area, work.today).matrix
    if section not in matrix.section_category:
        raise Invalid("There is no such section.", Problem("unknown_code", "/section"))
    if not approving.is_case_by_case(facts, work.caller, section, matrix):
        raise Invalid(
            "The table does not give this case by case.", Problem("not_case_by_case", "/section")
        )
    mine = work.caller.agency_id
    if any(
        (row.agency_id, row.section, row.state) == (mine, section, ApprovalState.ASKED)
        for row in approvals.list_of_case(work.session, case_id)
    ):
        raise Conflict("This was asked for and is not answered yet.")
    number = ids.number(work.chance)
    approvals.add_asked(
        work.session,
        case_id=case_id,
        seq=number,
        agency_id=mine,
        worker_id=work.caller.actor,
        section=section,
        account=seal_account(open_case_key(work, case_id), form["reason"]),
        at=work.now,
    )
    entry = _record(work, case_id, form["act"], number, section)
    coordinators = {
        each.agency_id for each in facts.members.values() if CaseRole.COORDINATOR in each.roles
    }
    owners = {each.owner for each in facts.sections if each.name == section}
    _tell(work, facts, coordinators | owners, entry)
    return number


def _answer(work: Work, facts: CaseFacts, form: Mapping[str, Any]) -> int:
    case_id, act = facts.case_id, form["act"]
    row = next(
        (
            each
            for each in approvals.list_of_case(work.session, case_id)
            if each.seq == form["number"] and _concerns(work, facts, each)
        ),
        None,
    )
    if row is None:
        raise Invalid("There is no such question.", Problem("unknown_reference", "/number"))
    is_ending_own = act is ApprovalAct.END and row.agency_id == work.caller.agency_id
    if act is not ApprovalAct.END or not is_ending_own:
        _require_answerable(work, facts, row, form)
    if row.state not in _FROM[act]:
        raise Conflict("This was answered before.")
    case_key = open_case_key(work, case_id)
    approvals.set_answered(
        work.session,
        row,
        state=_BECOMES[act],
        by=(work.caller.agency_id, work.caller.worker_id),
        answer=seal_decision(case_key, form["reason"]),
        at=work.now,
        until=form.get("until", row.until),  # what was ended still tells until when it was open
    )
    regrant(work, case_key, work.profiles.for_area(facts.area, work.today))
    entry = _record(work, case_id, act, row.seq, row.section)
    _tell(work, facts, {row.agency_id}, entry)
    return row.seq


def _require_answerable(
    work: Work, facts: CaseFacts, row: ApprovalRow, form: Mapping[str, Any]
) -> None:
    """Refuse an answer by who asked or may not answer, or for days that cannot be.

    :raises Invalid: naming each field.
    """
    on = work.today
    asked = Asked(row.agency_id, row.section, row.state)
    problems = [
        Problem(code, f"/{name}")
        for code, name in approving.faults(asked, work.caller, form.get("until", on), on=on)
    ]
    if problems:
        raise Invalid("This cannot be answered so.", *problems)
    if not may_answer(facts, work.caller, row.section):
        raise Denied("may-not-answer", subject=facts.case_id)


def _concerns(work: Work, facts: CaseFacts, row: ApprovalRow) -> bool:
    is_own = row.agency_id == work.caller.agency_id
    return is_own or may_answer(facts, work.caller, row.section)


def _record(work: Work, case_id: str, act: ApprovalAct, number: int, section: str) -> Entry:
    facts = {"number": number, "section": section}
    return work.record("approval.settled", case_id, because=str(act), facts=facts)


def _tell(work: Work, facts: CaseFacts, agencies: set[str], entry: Entry) -> None:
    told = sorted(agencies - {work.caller.agency_id})
    kinds = [(agency_id, "CHANGED") for agency_id in told]
    feed.add_items(work.session, case_id=facts.case_id, kinds=kinds, entry_id=entry.id)


def _shown(row: ApprovalRow) -> dict[str, Any]:
    return {
        "number": row.seq,
        "agency": row.agency_id,
        "worker": row.worker_id,
        "section": row.section,
        "state": str(row.state),
        "asked_at": moments.write(row.asked_at),
        "by": {"agency": row.by_agency, "worker": row.by_worker} if row.by_agency else None,
        "at": moments.write(row.at),
        "until": row.until.isoformat() if row.until else None,
    }
