"""Owns what is seen of plans, and what is done to a plan as a whole: sent out, and closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from gateway.agencies import directory
from gateway.disclosure import (
    Disclosed,
    Sealed,
    disclose_many,
    find_loaded,
    find_locked,
    keep_shown,
    list_facts,
    names_of,
    place_flag,
    require_page,
    require_purpose,
    seal_answer,
    shown_on_pages,
)
from gateway.errors import Conflict, Denied
from gateway.flows.conferences.actions import SECTION, add_step, may_put_down, tell
from gateway.ledger import Act, Work
from gateway.rules import actions as rule
from gateway.rules.disclosure import kept_out
from gateway.rules.facts import CaseFacts
from gateway.rules.states import OVER, Guards, move
from gateway.schemas import moments
from gateway.schemas.action_codes import ActionAct, ActionStatus
from gateway.schemas.codes import CaseRole, CaseState, Level, Purpose
from gateway.store import actions, cases, conferences, members
from gateway.store.actions import ActionRow, StepRow
from gateway.store.cases import By

PAGE = "actions-page/1"  # in receipts: a plan on a page of the desk
FORM = "actions/1"
RECENT = timedelta(days=30)
MOST = 2000  # live cases looked at, the newest
_CODES = (Level.FULL, Level.SUMMARY)  # levels that show an action by its codes


@dataclass(frozen=True, slots=True)
class Plan:
    """The actions of one case as one reader may know them."""

    document: Mapping[str, Any] = field(repr=False)
    coordinates: bool
    is_open: bool  # whether the caller can put an action down
    can_close: bool  # whether all are closed and the case goes on to monitoring
    found: Disclosed = field(repr=False)


@dataclass(frozen=True, slots=True)
class Task:
    """One action on a list across cases, by codes alone."""

    reference: str
    number: int
    theme: str
    owner: str
    status: ActionStatus
    due_at: datetime
    at: datetime  # of its newest step
    is_own: bool
    is_open: bool
    is_overdue: bool
    is_recent: bool  # closed not long ago


@dataclass(frozen=True, slots=True)
class Sent:
    """What went out when the plan of a conference was sent."""

    cases: int
    actions: int


def seal_actions(work: Work, reference: str, purpose: Purpose, *, issuer: str) -> Sealed:
    """The actions of a case as the caller may know them, sealed to its agency.

    :raises Denied: as `_plan`.
    """
    found = _plan(work, reference, purpose)
    told = found.found.told(str(found.document["reference"]))
    return seal_answer(
        work,
        issuer=issuer,
        form=FORM,
        document=found.document,
        purpose=purpose,
        entry=found.found.entry,
        cases=[found.found.facts],
        told=[told],
    )


def show_actions(work: Work, reference: str, *, issuer: str) -> Plan:
    """The actions of a case for a page; a receipt is kept like that of an answer.

    :raises Denied: as `_plan`, and for what no page shows.
    """
    found = _plan(work, reference, Purpose.P9, on_page=True)
    told = found.found.told(str(found.document["reference"]))
    keep_shown(work, issuer=issuer, form=PAGE, document=found.document, told=[told])
    return found


def list_tasks(work: Work, *, on_page: bool = False) -> tuple[Task, ...]:
    """The caller's own actions; for who coordinates, all of its cases. The first due first."""
    work.attempt("action.listed")
    me = work.caller.agency_id
    mine = actions.list_of_owner(work.session, agency_id=me)
    roles = (CaseRole.COORDINATOR,)
    run = members.list_own(work.session, agency_id=me, limit=MOST, roles=roles, over=OVER)
    rows = {row.id: row for row in (*mine, *actions.list_actions(work.session, run))}
    facts = _shown(work, list(dict.fromkeys(row.case_id for row in rows.values())), on_page)
    names = names_of(work, list(facts))
    seen = [row for row in rows.values() if row.case_id in names and row.case_id in facts]
    if not seen:
        work.count("action.listed.empty")
        return ()
    listed = list(dict.fromkeys(row.case_id for row in seen))
    work.record_all([Act("action.listed", case_id, "own") for case_id in listed])
    return tuple(_task(work, row, names[row.case_id]) for row in sorted(seen, key=_by_day))


def send_plan(work: Work, conference_id: str) -> Sent:
    """Send out the plan of a conference in one act: each owner is told, heard cases go on.

    What was sent before is not sent again, so that an action put down later goes out alone.

    :raises Denied: for who does not run the conference.
    :raises Conflict: code nothing_to_send.
    """
    work.attempt("plan.sent")
    conferences.hold_list(work.session, conference_id)
    row = conferences.find_conference(work.session, conference_id)
    if row is None or row.agency_id != work.caller.agency_id:
        raise Denied("not-the-coordinator" if row else "absent")
    listed = [case_id for case_id, _ in conferences.list_listed(work.session, conference_id)]
    seen = _heard(work, listed)
    for case_id in sorted(seen):
        cases.hold_case(work.session, case_id)
    heard = _heard(work, list(seen))  # as it stands now that nobody else changes it
    sent = {s.action_id for s in actions.list_steps(work.session, list(heard)) if s.act == _SEND}
    due = [
        each
        for each in actions.list_actions(work.session, list(heard))
        if each.id not in sent and each.status in rule.OPEN
    ]
    opened = [c for c, each in heard.items() if each.state is CaseState.HEARD]
    if not due and not opened:
        raise Conflict("Nothing of this conference waits to go out.", code="nothing_to_send")
    for each in due:
        add_step(work, each, _SEND, each.status)
        tell(work, heard[each.case_id], each, _SEND, each.status)
    for case_id in opened:
        place_flag(work, heard[case_id])  # unless it stands since the hearing
        _go_on(work, heard[case_id], CaseState.ACTIONS_OPEN, "plan-sent")
    work.record(
        "plan.sent",
        None,
        because="sent",
        facts={"conference": conference_id, "cases": len(opened), "actions": len(due)},
    )
    return Sent(len({each.case_id for each in due} | set(opened)), len(due))


def close_plan(work: Work, reference: str) -> CaseState:
    """Say that all actions of a case are closed: what follows is monitoring under the flag.

    :raises Denied: for who does not coordinate the case.
    :raises Conflict: code actions_open, or illegal_state.
    """
    work.attempt("plan.closed")
    case_id, loaded = find_locked(work, reference)
    facts = loaded.get(case_id)
    if facts is None or kept_out(facts, work.caller) or not _coordinates(facts, work):
        raise Denied("not-the-coordinator", subject=case_id)
    if actions.count_open(work.session, [case_id]):
        raise Conflict("An action of the case is still open.", code="actions_open")
    _go_on(work, facts, CaseState.MONITORING, "actions-closed")
    work.record("plan.closed", case_id, because="actions-closed")
    return CaseState.MONITORING


_SEND = ActionAct.SEND
_AFTER = (CaseState.HEARD, CaseState.ACTIONS_OPEN)


def _heard(work: Work, case_ids: Sequence[str]) -> dict[str, CaseFacts]:
    """The cases with a plan to send out that a page shows the caller."""
    facts = _shown(work, case_ids, on_page=True)
    return {case_id: each for case_id, each in facts.items() if each.state in _AFTER}


def _go_on(work: Work, facts: CaseFacts, to: CaseState, because: str) -> None:
    state = move(facts.state, to, guards=Guards(by_coordinator=True))
    by = By(work.caller.agency_id, work.caller.worker_id, work.now)
    cases.add_states(work.session, case_id=facts.case_id, states=[state], because=because, by=by)


def _plan(work: Work, reference: str, purpose: Purpose, *, on_page: bool = False) -> Plan:
    """Decide, record and open the actions of a case, and nothing else of it.

    :raises Denied: if the caller may see nothing of the case.
    :raises Invalid: if its kind may not state this purpose.
    """
    work.attempt("action.read", purpose=purpose)
    require_purpose(work, purpose)
    case_id, loaded = find_loaded(work, reference)
    facts = loaded.get(case_id)
    because = "not-assigned" if facts is None else kept_out(facts, work.caller)
    if facts is None or because is not None:
        raise Denied(because or "not-assigned", subject=case_id)
    if on_page:
        require_page(work, facts)
    found = disclose_many(
        work,
        {case_id: facts},
        purpose,
        event="action.read",
        only={SECTION},
        opens={SECTION},
    ).get(case_id)
    if found is None:
        raise Denied("not-open", subject=case_id)
    rows = actions.list_actions(work.session, [case_id])
    document = _document(work, found, rows)
    is_open = any(row.status in rule.OPEN for row in rows)
    coordinates = _coordinates(facts, work)
    return Plan(
        document,
        coordinates,
        is_open=facts.state in rule.PLANNED_IN and may_put_down(work, facts, rows),
        can_close=coordinates and facts.state is CaseState.ACTIONS_OPEN and not is_open,
        found=found,
    )


def _document(work: Work, found: Disclosed, rows: Sequence[ActionRow]) -> dict[str, Any]:
    me = work.caller.agency_id
    names = directory.names(work.session)
    words = _words(found)
    steps: dict[str, list[StepRow]] = {}
    for step in actions.list_steps(work.session, [found.case_id]):
        steps.setdefault(step.action_id, []).append(step)
    level_of = {row.id: found.decision.level(SECTION, is_own=row.owner_id == me) for row in rows}
    return {
        "reference": names_of(work, [found.case_id])[found.case_id],
        "actions": [
            _shown_action(
                work,
                row,
                names[row.owner_id].name,
                steps.get(row.id, []),
                words if level_of[row.id] is Level.FULL else None,
            )
            for row in rows
            if level_of[row.id] in _CODES
        ],
        # That others have something to do is told where the table gives as much as that.
        "has_others": any(level is Level.INDICATOR for level in level_of.values()),
    }


def _words(found: Disclosed) -> dict[str, Any]:
    """The words that the reader has in full, by the name under which each part was written."""
    words: dict[str, Any] = {}
    for piece in found.pieces:
        if piece.section == SECTION and piece.level is Level.FULL:
            words |= piece.content
    return words


def _shown_action(
    work: Work,
    row: ActionRow,
    owner: str,
    steps: Sequence[StepRow],
    words: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """One action by its codes; with its words and its history for who has it in full."""
    shown: dict[str, Any] = {
        "number": row.number,
        "theme": str(row.theme),
        "about": str(row.about),
        "urgency": str(row.urgency),
        "owner": row.owner_id,
        "owner_name": owner,
        "due_at": moments.write(row.due_at),
        "status": str(row.status),
        "is_overdue": rule.is_overdue(row.status, row.due_at, work.now),
        "is_own": row.owner_id == work.caller.agency_id,
    }
    if row.depends_on is not None:
        shown["depends_on"] = row.depends_on
    if words is None:
        return shown
    written = words.get(f"action_{row.number}")
    text = written if isinstance(written, Mapping) else {}
    done = [_step(row, step, words) for step in steps]
    verified = [each for each in done if each["act"] == ActionAct.VERIFY]
    return {**shown, **text, "steps": done, "is_verified": bool(verified)}


def _step(row: ActionRow, step: StepRow, words: Mapping[str, Any]) -> dict[str, Any]:
    said = words.get(f"action_{row.number}_step_{step.seq}")
    return {
        "act": str(step.act),
        "status": str(step.status),
        "by": step.by_agency,
        "at": moments.write(step.at),
        **({"worker": step.by_worker} if step.by_worker else {}),
        **({"reason": str(step.reason)} if step.reason else {}),
        **(said if isinstance(said, Mapping) else {}),
    }


def _shown(work: Work, case_ids: Sequence[str], on_page: bool) -> dict[str, CaseFacts]:
    """The cases of which the caller may know, and on a page those that a page shows."""
    facts = list_facts(work.session, case_ids, on=work.today)
    return {
        case_id: each
        for case_id, each in facts.items()
        if kept_out(each, work.caller) is None
        and (not on_page or shown_on_pages(work, each) is not None)
    }


def _task(work: Work, row: ActionRow, reference: str) -> Task:
    return Task(
        reference,
        row.number,
        str(row.theme),
        row.owner_id,
        row.status,
        row.due_at,
        row.at,
        is_own=row.owner_id == work.caller.agency_id,
        is_open=row.status in rule.OPEN,
        is_recent=row.at > work.now - RECENT,
        is_overdue=rule.is_overdue(row.status, row.due_at, work.now),
    )


def _by_day(row: ActionRow) -> tuple[bool, datetime, str]:
    return row.status not in rule.OPEN, row.due_at, row.id


def _coordinates(facts: CaseFacts, work: Work) -> bool:
    member = facts.members.get(work.caller.agency_id)
    return member is not None and CaseRole.COORDINATOR in member.roles
