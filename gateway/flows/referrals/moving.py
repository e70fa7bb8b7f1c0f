"""Owns how a case leaves its way: withdrawn by two people, closed, or offered to another area."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.agencies import directory
from gateway.agencies.inbox import Answer, Received, Sent, answer_once, receive
from gateway.disclosure import (
    Box,
    CaseKey,
    Contribution,
    contribute,
    find_loaded,
    find_locked,
    may_know,
    open_case_key,
    regrant,
    shown_on_pages,
)
from gateway.errors import Conflict, Denied, Invalid, Problem
from gateway.flows.referrals import receiving, telling, writing
from gateway.flows.referrals.later import limits_of
from gateway.ledger import Entry, Work
from gateway.rules import moving, routing
from gateway.rules.clocks import due
from gateway.rules.facts import Caller, CaseFacts
from gateway.rules.limits import usable
from gateway.rules.moving import OUTSIDE, TRANSFER, Was
from gateway.rules.states import ASKED, CAME_BACK
from gateway.schemas import reference as references
from gateway.schemas.action_codes import FlagAct
from gateway.schemas.codes import AgencyKind, CaseRole, CaseState, Recipient
from gateway.schemas.consent_codes import Feedback
from gateway.schemas.move_codes import TOLD, MoveAct, MoveReason
from gateway.store import actions, cases, dated, feed, flags, members, seal_requests
from gateway.store import tables as t
from gateway.store.members import NewAssignment

FORM = "move/1"
CLOCK = "CLK_TRANSFER_ACK"
NOTE = "move_note"
_ANSWERS = frozenset({MoveAct.RECEIVE, MoveAct.DECLINE})


@dataclass(frozen=True, slots=True)
class _Moving:
    """A case about to be moved, locked."""

    facts: CaseFacts
    key: CaseKey
    past: tuple[Was, ...]
    act: MoveAct
    form: Mapping[str, Any]

    @property
    def reasons(self) -> list[str]:
        """The coded reason, if the act has one."""
        return [str(self.form["reason"])] if "reason" in self.form else []


def move_case(work: Work, reference: str, body: Sent, *, audience: str, key: str) -> Answer:
    """Withdraw or close a case, offer it to another area, or answer such an offer (201).

    By the case's coordinator; an offer is answered by the coordinator of the area to which it was
    made, or, for an area that is not on this gateway, noted by a chair who did not offer it.

    :raises Denied: for everybody else: the answer is that of an unknown case.
    :raises Conflict: as the rules of moving say.
    :raises Invalid: if there is no such area, or the answer of one outside is not written down.
    """
    work.attempt("case.moved")
    case_id, loaded = find_locked(work, reference)
    facts = loaded.get(case_id)
    if facts is None or not may_know(work, facts):
        raise Denied("not-assigned", subject=case_id)
    past = read_past(work, case_id)
    _require_role(work, facts, past)
    received = receive(work, body, form=FORM, audience=audience, key=key, about=reference)
    if received.answered:
        return received.answered
    act = received.loaded["act"]
    _require_answerer(work, facts, past, received.loaded)
    found = _Moving(facts, open_case_key(work, case_id), past, act, received.loaded)
    _keep_note(work, found, received)
    made = _ACTS[act](work, found)
    return answer_once(work, key, received, {"act": str(act), **made}, status=201)


def read_past(work: Work, case_id: str) -> tuple[Was, ...]:
    """The states of a case so far, oldest first."""
    return tuple(
        Was(row.state, row.because, (row.by_agency, row.by_worker))
        for row in cases.list_states(work.session, case_id)
    )


def is_receiver(facts: CaseFacts, past: tuple[Was, ...], caller: Caller) -> bool:
    """Whether the caller coordinates the area that a case is offered to, which has not answered."""
    is_offered = past[-1].because == f"{TRANSFER}:{caller.area}"
    is_offered = is_offered and caller.kind is AgencyKind.COORDINATOR
    is_pending = facts.state is CaseState.TRANSFER_OUT_PENDING
    return is_pending and is_offered and _is_named(facts, caller.agency_id)


def _coordinates(facts: CaseFacts, agency_id: str) -> bool:
    member = facts.members.get(agency_id)
    return member is not None and CaseRole.COORDINATOR in member.roles


def _require_role(work: Work, facts: CaseFacts, past: tuple[Was, ...]) -> None:
    is_own = _coordinates(facts, work.caller.agency_id)
    if not is_own and not is_receiver(facts, past, work.caller):
        raise Denied("not-the-coordinator", subject=facts.case_id)


def _require_answerer(
    work: Work, facts: CaseFacts, past: tuple[Was, ...], form: Mapping[str, Any]
) -> None:
    """Refuse whoever answers its own offer, or acts on a case that is not yet its own.

    And software without a worker, where it takes two people: it could be both of them.
    """
    act, is_own = form["act"], _coordinates(facts, work.caller.agency_id)
    takes_two = act is MoveAct.WITHDRAW or "outside" in form
    if takes_two and work.caller.worker_id is None:
        raise Denied("unattended", subject=facts.case_id)
    if act not in _ANSWERS:
        if not is_own:
            raise Denied("not-the-coordinator", subject=facts.case_id)
        return
    if is_own and moving.offered_to(past[-1]) != OUTSIDE:
        raise Conflict("The new area answers for itself.", code="receiver_only")


def _withdraw(work: Work, found: _Moving) -> dict[str, Any]:
    by = writing.by(work)
    reason = MoveReason(found.form["reason"])
    risk = dated.list_risks(work.session, [found.facts.case_id])[found.facts.case_id]
    state = moving.withdraw(
        found.past,
        (by.agency_id, by.worker_id),
        reason,
        by_chair=work.caller.is_chair,
        level=risk.level,
    )
    told = reason in TOLD and state is not None
    if state is None:  # asked for; a chair confirms it
        _step(work, found, found.facts.state, f"{ASKED}:{reason}", told=False)
        return {**_moved(work, found, found.facts.state), "confirmed": False}
    _step(work, found, state, f"{ASKED}:{reason}", told=told)
    return _moved(work, found, state)


def _close(work: Work, found: _Moving) -> dict[str, Any]:
    case_id = found.facts.case_id
    flag = flags.list_flags(work.session, [case_id]).get(case_id)
    stands = flag is not None and flag.act is not FlagAct.REMOVED and flag.until >= work.today
    state = moving.close(
        found.facts.state,
        open_actions=actions.count_open(work.session, [case_id]).get(case_id, 0),
        by_chair=work.caller.is_chair,
        has_note="note" in found.form,
        has_flag=stands,
    )
    # What was told of an earlier decision stays told.
    reasons = cases.list_cases(work.session, [case_id])[case_id].reasons
    _step(work, found, state, f"closed:{found.form['reason']}", told=False, reasons=list(reasons))
    return _moved(work, found, state)


def _transfer(work: Work, found: _Moving) -> dict[str, Any]:
    """Offer a case: the new area's coordinator and IDVA service are named in it, and told."""
    is_agreed = found.form.get("agreed", False)
    state = moving.offer(found.facts.state, is_agreed=is_agreed, by_chair=_is_chair(work))
    area = found.form.get("area", OUTSIDE)
    new = [] if area == OUTSIDE else _receivers(work, found, area)
    members.add_assignments(
        work.session,
        case_id=found.facts.case_id,
        assignments=[NewAssignment(each, CaseRole.NAMED, TRANSFER) for each in new],
        at=work.now,
    )
    _step(work, found, state, f"{TRANSFER}:{area}", told=False)
    regrant(work, found.key, _profile(work, found))
    entry = _record(work, found, state, area=area)
    feed.add_items(
        work.session,
        case_id=found.facts.case_id,
        kinds=[(each, telling.ASSIGNED) for each in new],
        entry_id=entry.id,
    )
    telling.announce_change(work, found.facts.case_id, entry, but=new)
    return {"state": str(state)}


def _receivers(work: Work, found: _Moving, area: str) -> list[str]:
    """Who is named in a case that moves: who coordinates there, and who will support her."""
    fault = Problem("unknown_code", "/area")
    if area not in work.profiles.areas or area == found.facts.area:
        raise Invalid("There is no such area to hand it to.", fault)
    case_id = found.facts.case_id
    limits = limits_of(dated.list_positions(work.session, [case_id])[case_id])
    standing = usable(directory.standing(work.session), limits)
    table = work.profiles.for_area(area, work.today).routing
    wanted = (Recipient.MARAC, Recipient.IDVA)
    routes = routing.route(table, wanted, area, frozenset(), standing)
    coordinator = [
        each.agency_id
        for each in routes
        if each.role is CaseRole.COORDINATOR and each.because == "coordinator-of-area"
    ]
    if not coordinator:
        raise Invalid("Nobody coordinates that area now.", fault)
    support = [each.agency_id for each in routes if each.role is CaseRole.IDVA]
    return [each for each in (*coordinator, *support) if not _is_named(found.facts, each)]


def _is_named(facts: CaseFacts, agency_id: str) -> bool:
    member = facts.members.get(agency_id)
    return member is not None and CaseRole.NAMED in member.roles


def _is_chair(work: Work) -> bool:
    return work.caller.is_chair and work.caller.worker_id is not None


def _decline(work: Work, found: _Moving) -> dict[str, Any]:
    """End an offer: the case goes on where it was, and who was named for it loses it."""
    moving.offered_to(found.past[-1])
    state = moving.back(found.past)
    _step(work, found, state, CAME_BACK, told=False)
    return _leave(work, found, state)


def _receive(work: Work, found: _Moving) -> dict[str, Any]:
    area = moving.offered_to(found.past[-1])
    state = moving.received(found.facts.state)
    made: dict[str, Any] = {}
    if area == OUTSIDE:
        _require_answer(work, found)
    else:
        made["reference"] = receiving.take_on(work, found.facts, found.key, area)
    _step(work, found, state, f"{moving.DONE}:{area}", told=False)
    _feedback(work, found, [Feedback.TRANSFERRED])
    return {**_leave(work, found, state), **made}


def _require_answer(work: Work, found: _Moving) -> None:
    """An area outside says nothing here itself: a second person does, and what it answered."""
    by = writing.by(work)
    person = (by.agency_id, by.worker_id)
    moving.note_outside(found.past[-1], person, by_chair=_is_chair(work))
    if "note" not in found.form:
        raise Invalid("Write down what they answered.", Problem("needed_here", "/note"))


def _leave(work: Work, found: _Moving, state: CaseState) -> dict[str, Any]:
    """Take the case from those who were named because of the offer; last of all, from oneself.

    Who has another part in it keeps that one, and what it reads by it.
    """
    case_id, me = found.facts.case_id, work.caller.agency_id
    named: set[str] = set()
    others: set[str] = set()
    for row in members.list_assignments(work.session, [case_id]):
        is_offer = row.role is CaseRole.NAMED and row.because == TRANSFER
        (named if is_offer else others).add(row.agency_id)
    only = named - others
    _end(work, case_id, sorted(named & others))
    regrant(work, found.key, _profile(work, found), leaving=only)
    entry = _record(work, found, state)
    telling.announce_change(work, case_id, entry)
    _end(work, case_id, sorted(only, key=lambda each: (each == me, each)))
    return {"state": str(state)}


def _end(work: Work, case_id: str, named: Sequence[str]) -> None:
    for each in named:
        members.end_assignments(
            work.session,
            case_id=case_id,
            agency_id=each,
            roles=[CaseRole.NAMED],
            because=TRANSFER,
            at=work.now,
        )


def _moved(work: Work, found: _Moving, state: CaseState) -> dict[str, Any]:
    regrant(work, found.key, _profile(work, found))
    entry = _record(work, found, state)
    telling.announce_change(work, found.facts.case_id, entry)
    return {"state": str(state)}


def _step(
    work: Work,
    found: _Moving,
    state: CaseState,
    because: str,
    *,
    told: bool,
    reasons: list[str] | None = None,
) -> None:
    """Append a state; a reason stands with it only where the referrer is told of it."""
    cases.add_states(
        work.session,
        case_id=found.facts.case_id,
        states=[state],
        because=because,
        by=writing.by(work),
        reasons=reasons or (found.reasons if told else []),
    )


def _feedback(work: Work, found: _Moving, codes: list[Feedback]) -> None:
    for code in codes:
        dated.add_dated(
            work.session,
            t.feedback,
            case_id=found.facts.case_id,
            code=str(code),
            reasons=[],
            at=work.now,
        )


def _record(work: Work, found: _Moving, state: CaseState, **facts: str) -> Entry:
    said = {"act": str(found.act), "state": str(state), "reasons": found.reasons, **facts}
    return work.record("case.moved", found.facts.case_id, because=str(found.act), facts=said)


def _keep_note(work: Work, found: _Moving, received: Received) -> None:
    """Keep what was written in words for who coordinates the case, and for nobody else.

    It may say where she went, which no minutes tell to who sat in the meeting.
    """
    form = received.document
    if "note" not in form:
        return
    said = {name: form[name] for name in ("act", "reason", "note") if name in form}
    boxes = [Box(NOTE, "FULL", {"decisions": [said]})]
    for each in sorted(found.facts.members):
        if _coordinates(found.facts, each):
            contribute(work, found.key, Contribution(each, work.now, boxes))


def _profile(work: Work, found: _Moving) -> Any:
    return work.profiles.for_area(found.facts.area, work.today)


_ACTS = {
    MoveAct.WITHDRAW: _withdraw,
    MoveAct.CLOSE: _close,
    MoveAct.TRANSFER: _transfer,
    MoveAct.RECEIVE: _receive,
    MoveAct.DECLINE: _decline,
    MoveAct.RECALL: _decline,
}


@dataclass(frozen=True, slots=True)
class Movable:
    """What somebody may do with a case that leaves its way, told by codes alone."""

    reference: str
    state: CaseState
    acts: tuple[MoveAct, ...]
    asked: MoveReason | None  # for a withdrawal that waits for a chair
    area: str  # that it is offered to, or OUTSIDE; "" if to none
    is_receiver: bool
    owed: tuple[tuple[str, str], ...]  # section and agency of copies that nobody has sealed yet
    areas: tuple[str, ...]
    has_circulated: bool
    due_at: datetime | None


def look_at_moves(work: Work, reference: str) -> Movable:
    """What may be done with a case, for who coordinates it or is offered it; opens nothing.

    :raises Denied: for everybody else: the answer is that of an unknown case.
    """
    work.attempt("case.moves")
    case_id, loaded = find_loaded(work, reference)
    facts = loaded.get(case_id)
    if facts is None or shown_on_pages(work, facts) is None:
        raise Denied("not-assigned", subject=case_id)
    past = read_past(work, case_id)
    _require_role(work, facts, past)
    work.record("case.moves", case_id, because="own-cases")
    is_own = _coordinates(facts, work.caller.agency_id)
    area = past[-1].because.partition(":")[2] if past[-1].because.startswith(TRANSFER + ":") else ""
    is_pending = facts.state is CaseState.TRANSFER_OUT_PENDING
    profile = work.profiles.for_area(facts.area, work.today)
    at = cases.list_cases(work.session, [case_id])[case_id].state_at
    asked = moving.asked_for(past[-1])
    return Movable(
        reference=references.write(reference),
        state=facts.state,
        acts=moving.open_to(facts.state, is_receiver=not is_own, is_outside=area == OUTSIDE),
        asked=asked,
        area=area if is_pending else "",
        is_receiver=not is_own,
        owed=tuple(
            (section, agency)
            for section, agency, _ in seal_requests.list_open(work.session, case_id)
        )
        if is_pending
        else (),
        areas=tuple(each for each in sorted(work.profiles.areas) if each != facts.area),
        has_circulated=facts.state in moving.CIRCULATED,
        due_at=due(profile.clocks[CLOCK], at, profile.working_days) if is_pending else None,
    )
