"""Owns the plan of a case: actions put down, accepted, done or not, each step dated and logged.

The words of an action are a section of the case, its owner's: who reads them is decided as of any
other section, and what tells where she is, is held back from the owner, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from gateway.agencies import directory
from gateway.disclosure import (
    Box,
    Contribution,
    contribute,
    decision_for,
    find_locked,
    list_facts,
    open_case_key,
    regrant,
)
from gateway.errors import Conflict, Denied, Invalid, Problem
from gateway.ledger import Entry, Work
from gateway.profiles.loader import Profile
from gateway.rules import actions as rule
from gateway.rules import conflict
from gateway.rules.disclosure import kept_out
from gateway.rules.facts import CaseFacts
from gateway.rules.research import is_left_out
from gateway.schemas.action_codes import (
    ActionAbout,
    ActionAct,
    ActionStatus,
    ActionTheme,
    ActionUrgency,
    NotPossible,
)
from gateway.schemas.codes import CaseRole
from gateway.store import actions, conferences, feed, ids, members
from gateway.store.actions import ActionRow, NewAction
from gateway.store.cases import By
from gateway.store.members import NewAssignment

SECTION = "actions"
TOLD = "ACTION"  # in the feed: there is an action for you, or something became of one
AHEAD = timedelta(days=366)
MOST = 60  # actions in one case


@dataclass(frozen=True, slots=True)
class Proposal:
    """What somebody proposes that an agency does."""

    theme: ActionTheme
    text: str = field(repr=False)
    owner: str  # agency id
    about: ActionAbout = ActionAbout.VICTIM
    urgency: ActionUrgency = ActionUrgency.ROUTINE
    due_on: date | None = None  # None: by the area's clock
    evidence: str = field(default="", repr=False)  # how it will be seen that it was done
    risk: str = ""  # an item of a risk instrument, or a theme
    person: str = field(default="", repr=False)  # who at the owner
    depends_on: int | None = None


@dataclass(frozen=True, slots=True)
class Proposed:
    """An action that stands in the plan."""

    number: int
    status: ActionStatus
    due_at: datetime
    entry: Entry


def propose(
    work: Work,
    reference: str,
    proposal: Proposal,
    *,
    conference_id: str | None = None,
    is_volunteered: bool = False,
) -> Proposed:
    """Put an action into the plan of a case, for its coordinator or for an agency of its own.

    It is accepted at once only if its owner says so itself: as the caller, or in the room while the
    case is heard (`is_volunteered`). Whoever is absent accepts it later, or says why not.

    :raises Denied: if the case is not the caller's to plan: the answer is that of an unknown one.
    :raises Invalid: naming what is wrong with it.
    :raises Conflict: illegal_state where no plan is made; left_out, to the coordinator alone, for
        an owner that may not know.
    """
    work.attempt("action.proposed")
    facts = of_case(work, reference)
    me = work.caller.agency_id
    if not _coordinates(facts, work):
        if proposal.owner != me:
            raise Denied("not-the-coordinator", subject=facts.case_id)
        if not may_put_down(work, facts, actions.list_actions(work.session, [facts.case_id])):
            raise Denied("not-in-the-plan", subject=facts.case_id)
    is_present = is_volunteered and _is_in_the_room(facts, proposal.owner)
    return _add(
        work, facts, proposal, conference_id, is_accepted=proposal.owner == me or is_present
    )


def take_in(
    work: Work,
    reference: str,
    proposals: Sequence[Proposal],
    *,
    conference_id: str | None = None,
) -> tuple[Proposed, ...]:
    """Put into the plan what agencies proposed themselves when they returned their research.

    For the coordinator. Each is its owner's own offer, so it is accepted; the caller of this
    function made sure that it stands in a return of that agency.

    :raises Denied: :raises Invalid: :raises Conflict: as `propose`.
    """
    work.attempt("action.proposed")
    facts = of_case(work, reference)
    if not _coordinates(facts, work):
        raise Denied("not-the-coordinator", subject=facts.case_id)
    return tuple(_add(work, facts, each, conference_id, is_accepted=True) for each in proposals)


def settle(
    work: Work,
    reference: str,
    number: int,
    act: ActionAct,
    *,
    reason: NotPossible | None = None,
    note: str = "",
) -> ActionStatus:
    """Do the next step of an action: accept, start, complete, say why not, supersede or verify.

    :raises Denied: for who neither has nor coordinates it: the answer is that of an unknown one.
    :raises Invalid: if the act lacks its reason or its evidence.
    :raises Conflict: code not_yours or illegal_state.
    """
    work.attempt("action.settled")
    return take_step(work, of_case(work, reference), number, act, reason=reason, note=note)[0]


def take_step(
    work: Work,
    facts: CaseFacts,
    number: int,
    act: ActionAct,
    *,
    reason: NotPossible | None = None,
    note: str = "",
) -> tuple[ActionStatus, Entry]:
    """The same of a case that was found; gives the entry, too. :raises: as `settle`."""
    row = next(
        (
            each
            for each in actions.list_actions(work.session, [facts.case_id])
            if each.number == number
        ),
        None,
    )
    is_owner = row is not None and row.owner_id == work.caller.agency_id
    coordinates = _coordinates(facts, work)
    if row is None or not (is_owner or coordinates):
        raise Denied("not-the-owner" if row else "absent", subject=facts.case_id)
    status = rule.step(row.status, act, is_owner=is_owner, coordinates=coordinates)
    if lacking := rule.lacks(act, reason=reason, note=note):
        raise Invalid("Something is missing.", Problem("needed_here", f"/{lacking}"))
    kept = reason if act is ActionAct.CANNOT else None
    add_step(work, row, act, status, reason=kept)
    if note.strip():
        name = "evidence" if act is ActionAct.COMPLETE else "note"
        _write(work, facts, row.owner_id, {f"action_{number}_step_{row.seq + 1}": {name: note}})
    return status, tell(work, facts, row, act, status, reason=kept)


def add_step(
    work: Work,
    row: ActionRow,
    act: ActionAct,
    status: ActionStatus,
    *,
    reason: NotPossible | None = None,
) -> None:
    """Append a step behind the newest one."""
    actions.add_step(
        work.session,
        action_id=row.id,
        case_id=row.case_id,
        seq=row.seq + 1,
        act=act,
        status=status,
        reason=reason,
        by=By(work.caller.agency_id, work.caller.worker_id, work.now),
    )


def tell(
    work: Work,
    facts: CaseFacts,
    row: ActionRow | NewAction,
    act: ActionAct,
    status: ActionStatus,
    *,
    reason: NotPossible | None = None,
) -> Entry:
    """Record a step, and announce it: to the owner, and to who coordinates the case."""
    entry = work.record(
        "action.proposed" if act is ActionAct.PROPOSE else "action.settled",
        facts.case_id,
        because=str(act),
        facts={
            "action": row.number,
            "status": str(status),
            "owners": [row.owner_id],
            **({"reason": str(reason)} if reason else {}),
        },
    )
    told = {row.owner_id, *coordinators(facts)} - {work.caller.agency_id}
    feed.add_items(
        work.session,
        case_id=facts.case_id,
        kinds=[(agency_id, TOLD) for agency_id in sorted(told)],
        entry_id=entry.id,
    )
    return entry


def may_put_down(work: Work, facts: CaseFacts, rows: Sequence[ActionRow]) -> bool:
    """Whether the caller may put an action into a plan of these `rows`, or learn that it could.

    Whoever only referred her or was alerted must not find out how far the case is, and whoever is
    left out by her limits, the outcome or the stage not even that it is. An agency in the room, or
    with an action still to do, knows as much already.
    """
    me = work.caller
    if _coordinates(facts, work):
        return True
    member = facts.members[me.agency_id]
    if is_left_out(facts, me.agency_id, me.kind):
        return False
    if member.is_present or any(r.owner_id == me.agency_id and r.status in rule.OPEN for r in rows):
        return True
    decision = decision_for(work, facts)
    is_assigned = decision is not None and decision.because == "assigned"
    return is_assigned and bool(member.roles - {CaseRole.REFERRER, CaseRole.ALERTED})


def coordinators(facts: CaseFacts) -> list[str]:
    """The agencies that coordinate a case."""
    return sorted(m.agency_id for m in facts.members.values() if CaseRole.COORDINATOR in m.roles)


def of_case(work: Work, reference: str) -> CaseFacts:
    """The case behind a reference, locked, as it stands, for an agency that has a part in it."""
    case_id, loaded = find_locked(work, reference)
    facts = loaded.get(case_id)
    because = "not-assigned" if facts is None else kept_out(facts, work.caller)
    if facts is None or because is not None:
        raise Denied(because or "not-assigned", subject=case_id)
    return facts


def _coordinates(facts: CaseFacts, work: Work) -> bool:
    member = facts.members.get(work.caller.agency_id)
    return member is not None and CaseRole.COORDINATOR in member.roles


def _is_in_the_room(facts: CaseFacts, agency_id: str) -> bool:
    member = facts.members.get(agency_id)
    return facts.in_conference and member is not None and member.is_present


def _add(
    work: Work,
    facts: CaseFacts,
    new: Proposal,
    conference_id: str | None,
    *,
    is_accepted: bool,
) -> Proposed:
    if facts.state not in rule.PLANNED_IN:
        raise Conflict("No plan is made for the case as it stands.", code="illegal_state")
    standing = actions.list_actions(work.session, [facts.case_id])
    if len(standing) >= MOST:
        raise Conflict("So many actions in one case are too many.", code="too_many")
    profile = work.profiles.for_area(facts.area, work.today)
    due_at = _due(work, new, profile)
    _check(work, facts, new, conference_id, standing)
    facts = _with_part(work, facts, new.owner, profile)
    row = NewAction(
        id=ids.new(work.now, work.chance),
        case_id=facts.case_id,
        number=ids.number(work.chance),
        conference_id=conference_id,
        theme=new.theme,
        about=new.about,
        urgency=new.urgency,
        owner_id=new.owner,
        depends_on=new.depends_on,
        due_at=due_at,
    )
    actions.add_action(work.session, row)
    by = By(work.caller.agency_id, work.caller.worker_id, work.now)
    steps = [(ActionAct.PROPOSE, ActionStatus.PROPOSED)]
    steps += [(ActionAct.ACCEPT, ActionStatus.ACCEPTED)] if is_accepted else []
    for seq, (act, status) in enumerate(steps, 1):
        actions.add_step(
            work.session,
            action_id=row.id,
            case_id=facts.case_id,
            seq=seq,
            act=act,
            status=status,
            by=by,
        )
    _write(work, facts, new.owner, {f"action_{row.number}": _words(new)})
    entry = tell(work, facts, row, ActionAct.PROPOSE, steps[-1][1])
    return Proposed(row.number, steps[-1][1], due_at, entry)


def _words(new: Proposal) -> dict[str, str]:
    """What of an action is sealed: whatever says more than whose it is and of which kind."""
    words = {"text": new.text, "evidence_wanted": new.evidence}
    words |= {"risk_addressed": new.risk, "person": new.person}
    return {name: said.strip() for name, said in words.items() if said.strip()}


def _write(work: Work, facts: CaseFacts, owner: str, content: Mapping[str, Any]) -> None:
    key = open_case_key(work, facts.case_id)
    boxes = [Box(SECTION, "FULL", content)]
    known = contribute(work, key, Contribution(owner, work.now, boxes))
    regrant(work, key, work.profiles.for_area(facts.area, work.today), known=known)


def _due(work: Work, new: Proposal, profile: Profile) -> datetime:
    calendar = profile.working_days
    if new.due_on is None:
        return rule.due_at(new.urgency, work.now, profile.clocks, calendar)
    today = calendar.local_day(work.now)
    if not today <= new.due_on <= today + AHEAD:
        raise Invalid("The day cannot be met.", Problem("out_of_range", "/due_on"))
    return calendar.at(new.due_on, calendar.closes)


def _check(
    work: Work,
    facts: CaseFacts,
    new: Proposal,
    conference_id: str | None,
    standing: Sequence[ActionRow],
) -> None:
    faults = []
    if not new.text.strip():
        faults.append(Problem("missing", "/text"))
    if new.depends_on is not None and new.depends_on not in {row.number for row in standing}:
        faults.append(Problem("unknown_reference", "/depends_on"))
    known = directory.standing(work.session).get(new.owner)
    if known is None or known.is_suspended:
        faults.append(Problem("unknown_code", "/owner"))
    if faults or known is None:
        raise Invalid("The action cannot be put down like this.", *faults)
    if is_left_out(facts, new.owner, known.kind):
        raise Conflict("This agency may not know of the case.", code="left_out")
    if conference_id is not None:
        listed = dict(conferences.list_listed(work.session, conference_id))
        if facts.case_id not in listed:
            raise Denied("absent", subject=facts.case_id)


def _with_part(work: Work, facts: CaseFacts, owner: str, profile: Profile) -> CaseFacts:
    """The case with the owner in it: an agency that is to do something is told of the case."""
    if owner in facts.members:
        return facts
    kind = directory.standing(work.session)[owner].kind
    if kind not in profile.matrix.purposes or conflict.is_shut(facts, owner):
        raise Conflict("This agency may not know of the case.", code="left_out")
    members.add_assignments(
        work.session,
        case_id=facts.case_id,
        assignments=[NewAssignment(owner, CaseRole.RESEARCH, "action")],
        at=work.now,
    )
    return list_facts(work.session, [facts.case_id], on=work.today)[facts.case_id]
