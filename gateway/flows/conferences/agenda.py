"""Owns the agenda: ordered and timed once, and for each attendee only that attendee's part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from gateway.agencies import directory
from gateway.disclosure import (
    Disclosed,
    Sealed,
    Told,
    disclose_many,
    load,
    require_purpose,
    seal_answer,
    shown_on_pages,
    with_unseen,
)
from gateway.errors import Denied
from gateway.flows.conferences.extracts import progress_of
from gateway.flows.conferences.needing import Needs, ended_flags, needs_of
from gateway.flows.conferences.outstanding import Outstanding, list_outstanding
from gateway.ledger import Entry, Work
from gateway.profiles.loader import Profile
from gateway.rules import agenda, conflict, markers
from gateway.rules.actions import OPEN
from gateway.rules.facts import AgendaFacts, CaseFacts, Slot
from gateway.rules.research import Progress
from gateway.schemas import reference as references
from gateway.schemas.codes import (
    Acknowledgement,
    AgeBand,
    CaseRole,
    Criterion,
    Level,
    ListingKind,
    Purpose,
)
from gateway.store import actions, conferences, dated, members, referrals
from gateway.store import research as store
from gateway.store.conferences import ConferenceRow
from gateway.store.dated import RiskRow
from gateway.store.referrals import ReferralRow
from gateway.store.research import RequestRow

OPENED = frozenset({"victim_identity"})  # for the initials; nothing else is opened
STAFF_CASE = "Staff case"  # instead of initials
SHOWN = OPENED | {"referral", "risk_answers", "children", *markers.SECTION_OF.values()}


@dataclass(frozen=True, slots=True)
class OwnRequest:
    """That the reader's agency was asked for research about a case, and whether it answered."""

    due_at: datetime
    version: int  # 0: not yet
    returned_at: datetime | None
    is_nil: bool | None
    is_late: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One case as one reader may know it; None is what the reader's need to know does not open."""

    number: int
    starts_at: datetime
    minutes: int
    because: str
    reference: str
    label: str | None
    kind: ListingKind
    referrer: str  # kind of the referring agency
    presenter: str | None  # its name
    level: str | None
    criteria: tuple[str, ...] | None
    scores: tuple[str, ...] | None  # "DASH_RIC 16/24"
    critical: tuple[str, ...] | None
    children: int | None
    markers: tuple[str, ...]
    event_on: str | None
    idva: str | None  # ACCEPTED, DECLINED, WAITING
    research: Progress | None = None  # for who runs the conference
    own: OwnRequest | None = None  # what the reader's own agency was asked
    open_actions: int | None = None  # the reader's own; all of them for who runs the conference
    specialists: tuple[str, ...] = ()  # agencies that come for some cases alone; for who runs it


@dataclass(frozen=True, slots=True)
class Agenda:
    """A conference as one attendee's agency sees it."""

    conference_id: str
    area: str
    starts_at: datetime
    ends_at: datetime | None
    zone: str
    reader: str
    reader_kind: str
    lines: tuple[Line, ...]
    listed: int  # how many cases there are in all
    capacity: int
    labels: Mapping[str, str]  # items of risk instruments in words
    about: tuple[CaseFacts, ...] = field(default=(), repr=False)  # to whose key it is sealed
    told: tuple[Told, ...] = field(default=(), repr=False)
    is_run: bool = False  # by the reader's agency
    locked_at: datetime | None = None
    is_by_hand: bool = False
    outstanding: tuple[Outstanding, ...] = ()  # actions of the conference before
    flags: tuple[str, ...] = ()  # cases whose flag has ended by then; on a page of who runs it
    order: tuple[str, ...] = field(default=(), repr=False)  # ids of all listed, also unseen

    @property
    def is_over_capacity(self) -> bool:
        """Whether more cases are listed than the area plans for one meeting."""
        return agenda.is_over(self.listed, capacity=self.capacity)


def build_agenda(
    work: Work,
    conference_id: str,
    purpose: Purpose,
    *,
    on_page: bool = False,
    only: Collection[str] | None = None,
    has_research: bool = True,
) -> tuple[Agenda, Entry]:
    """Build the agenda as the caller may know it, with a fixed number of statements.

    A page leaves out what would be sealed to a worker's own key. With `only`, any other case is as
    if it were not listed. How far the research is, is left out without `has_research`: for a paper,
    which does not say it.

    :raises Denied: if the caller's agency does not attend.
    """
    work.attempt("agenda.read", purpose=purpose)
    conference = conferences.find_conference(work.session, conference_id)
    attendees = conferences.list_attendees(work.session, conference_id)  # the same work for none
    if conference is None:
        raise Denied("absent")
    if work.caller.agency_id not in attendees:
        raise Denied("not-attending")
    profile = work.profiles.for_area(conference.area, work.today)
    require_purpose(work, purpose)
    kinds = dict(conferences.list_listed(work.session, conference_id))
    facts, ties = load(work, list(kinds), names=SHOWN)
    known = with_unseen(facts, ties)
    # Of those behind a wall no gap, number or end of the day tells.
    case_ids = [
        id_
        for id_ in kinds
        if conflict.refusal(known[id_], work.caller) is None and (only is None or id_ in only)
    ]
    seen = {case_id: facts[case_id] for case_id in case_ids if case_id in facts}
    if on_page:
        seen = {c: each for c, each in seen.items() if shown_on_pages(work, each) is not None}
    found = disclose_many(
        work, seen, purpose, event="agenda.read", only=SHOWN, opens=OPENED, has_marks=False
    )
    with work.timing():  # also the cases that the caller may not know take their time
        risks = _risks(work, case_ids, found)
        open_actions = [
            row for row in actions.list_actions(work.session, case_ids) if row.status in OPEN
        ]
        first = {
            case_id: rows[0]
            for case_id, rows in referrals.list_references(work.session, case_ids).items()
        }
    on = conference.starts_at.astimezone(profile.zone).date()
    staff = {case_id for case_id in case_ids if known[case_id].ties.is_restricted}
    places = conferences.list_places(work.session, conference_id)
    slots = _order(
        risks,
        first,
        kinds,
        conference,
        profile,
        on,
        staff,
        places,
        Counter(row.case_id for row in open_actions),
    )
    entry = work.record(
        "agenda.built",
        None,
        because="attending",
        purpose=purpose,
        basis=_basis(work, profile, found.values()),
        facts={"conference": conference_id, "cases": len(found)},
    )
    names = directory.names(work.session)
    lines = _lines(work, slots, found, kinds, first, names, on)
    return Agenda(
        conference_id=conference.conference_id,
        area=profile.name,
        starts_at=conference.starts_at,
        ends_at=agenda.ends_at(slots),
        zone=str(profile.zone),
        reader=names[work.caller.agency_id].name,
        reader_kind=str(work.caller.kind),
        lines=_with_needs(
            _with_research(work, conference, found, slots, lines) if has_research else lines,
            [slot.case_id for slot in slots if slot.case_id in found],
            needs_of(work, conference, found, open_actions, attendees if on_page else ()),
        ),
        listed=len(case_ids),
        capacity=profile.capacity.cases,
        labels={
            item.id: item.label
            for instrument in profile.instruments.values()
            for item in instrument.items
        },
        about=tuple(each.facts for each in found.values()),
        told=tuple(
            each.told(references.write(first[case_id].reference)) for case_id, each in found.items()
        ),
        is_run=conference.agency_id == work.caller.agency_id,
        locked_at=conference.locked_at,
        is_by_hand=bool(places),
        outstanding=list_outstanding(work, conference),
        order=tuple(slot.case_id for slot in slots),
        flags=ended_flags(work, conference, on) if on_page else (),
    ), entry


def seal_agenda(
    work: Work,
    document: Mapping[str, Any],
    entry: Entry,
    purpose: Purpose,
    *,
    issuer: str,
    about: Collection[CaseFacts],
    told: Sequence[Told] = (),
) -> Sealed:
    """Seal an agenda, as data or as a paper, for the caller's agency alone, or for its deputy."""
    return seal_answer(
        work,
        issuer=issuer,
        form="agenda/1",
        document=document,
        purpose=purpose,
        entry=entry,
        cases=about,
        told=told,
    )


def _basis(work: Work, profile: Profile, found: Iterable[Disclosed]) -> tuple[str, ...]:
    """The bases of the agenda as a whole; those of each case stand with its own line."""
    is_special = any(each.risk.care_needs or each.risk.age != AgeBand.AGE_18PLUS for each in found)
    return profile.legal.for_kind(
        work.caller.kind, on=work.today, is_child_or_has_care_needs=is_special
    )


def _risks(work: Work, case_ids: list[str], found: Mapping[str, Disclosed]) -> dict[str, RiskRow]:
    """The risks of all listed cases: what the caller may not know still takes its place."""
    others = [case_id for case_id in case_ids if case_id not in found]
    known = {case_id: each.risk for case_id, each in found.items()}
    return known | dated.list_risks(work.session, others)


def _order(
    risks: Mapping[str, RiskRow],
    first: Mapping[str, ReferralRow],
    kinds: Mapping[str, str],
    conference: ConferenceRow,
    profile: Profile,
    on: date,
    staff: Collection[str],
    places: Mapping[str, int],
    open_actions: Mapping[str, int],
) -> tuple[Slot, ...]:
    facts = [
        AgendaFacts(
            case_id=case_id,
            referred_at=first[case_id].received_at,
            is_emergency=kinds[case_id] == ListingKind.EMERGENCY,
            next_event_on=agenda.nearest(risk.events, on),
            is_repeat=kinds[case_id] == ListingKind.REPEAT,
            open_actions=open_actions.get(case_id, 0),
            criteria=frozenset(Criterion(code) for code in risk.criteria),
            level=risk.level,
            critical=sum(len(grade["critical"]) for grade in risk.grades),
            # Honour-based abuse goes before the rest also where it is no criterion by itself.
            has_stalking=not {"STALKING", "HONOUR_BASED"}.isdisjoint(risk.markers),
            is_staff_restricted=case_id in staff,
        )
        for case_id, risk in risks.items()
        if case_id in first  # else it was erased in between
    ]
    return agenda.order(
        facts,
        on=on,
        starts_at=conference.starts_at,
        minutes=profile.capacity.minutes,
        places=places,
    )


def _lines(
    work: Work,
    slots: tuple[Slot, ...],
    found: Mapping[str, Disclosed],
    kinds: Mapping[str, str],
    first: Mapping[str, ReferralRow],
    names: Mapping[str, directory.Name],
    on: date,
) -> tuple[Line, ...]:
    answers = members.list_acknowledgements(work.session, list(found))
    seen = [slot for slot in slots if slot.case_id in found]
    # Numbered for each reader anew: a missing number would tell of a case it may not know.
    return tuple(
        _line(
            replace(slot, number=number),
            found[slot.case_id],
            ListingKind(kinds[slot.case_id]),
            reference=references.write(first[slot.case_id].reference),
            referrer=names[first[slot.case_id].agency_id],
            idva=_contact(found[slot.case_id], answers),
            on=on,
        )
        for number, slot in enumerate(seen, 1)
    )


def _with_research(
    work: Work,
    conference: ConferenceRow,
    found: Mapping[str, Disclosed],
    slots: tuple[Slot, ...],
    lines: tuple[Line, ...],
) -> tuple[Line, ...]:
    """Say on each line how far its research is: of all for who runs it, for others their own."""
    seen = [slot.case_id for slot in slots if slot.case_id in found]
    me, session = work.caller.agency_id, work.session
    if conference.agency_id != me:
        rows = store.list_asked(session, conference.conference_id, agency_id=me)
        asked = {row.case_id: _own_request(row, work.now) for row in rows}
        pairs = zip(seen, lines, strict=True)
        return tuple(replace(line, own=asked.get(case_id)) for case_id, line in pairs)
    facts = {case_id: each.facts for case_id, each in found.items()}
    progress = progress_of(work, conference.conference_id, facts)
    # A referrer that coordinates as well is told no more of others than it is of anything else.
    return tuple(
        line
        if found[case_id].decision.because == "own"
        else replace(line, research=progress[case_id])
        for case_id, line in zip(seen, lines, strict=True)
    )


def _with_needs(
    lines: tuple[Line, ...], seen: Sequence[str], needs: Mapping[str, Needs]
) -> tuple[Line, ...]:
    return tuple(
        replace(
            line, open_actions=needs[case_id].open_actions, specialists=needs[case_id].specialists
        )
        for case_id, line in zip(seen, lines, strict=True)
    )


def _own_request(row: RequestRow, now: datetime) -> OwnRequest:
    is_late = (row.returned_at or now) > row.due_at
    return OwnRequest(row.due_at, row.version, row.returned_at, row.is_nil, is_late)


def _contact(
    found: Disclosed, answers: Mapping[tuple[str, str], tuple[Acknowledgement, datetime]]
) -> str | None:
    """What the IDVA service of a case answered; None if the case has none."""
    for member in found.facts.members.values():
        if CaseRole.IDVA in member.roles:
            answer = answers.get((found.case_id, member.agency_id))
            return str(answer[0]) if answer else "WAITING"
    return None


def _line(
    slot: Slot,
    found: Disclosed,
    kind: ListingKind,
    *,
    reference: str,
    referrer: directory.Name,
    idva: str | None,
    on: date,
) -> Line:
    risk, levels = found.risk, found.decision.shown
    full = {name for name, level in levels.items() if level is Level.FULL}
    event_on = agenda.nearest(risk.events, on)
    knows_level, knows_answers = "referral" in full, "risk_answers" in full
    # A referrer that only sees its own is told nothing that the gateway or others found out.
    is_own = found.decision.because == "own"
    return Line(
        number=slot.number,
        starts_at=slot.starts_at,
        minutes=slot.minutes,
        because=slot.because if knows_level and not is_own else "",
        reference=reference,
        # On paper that lies about, initials are enough for a colleague to know who is meant.
        label=STAFF_CASE
        if found.facts.ties.is_restricted
        else _initials(found.find("victim_identity")),
        kind=_stated_kind(risk.criteria) if is_own else kind,
        referrer=str(referrer.kind),
        presenter=referrer.name if knows_level else None,
        level=str(risk.level) if knows_level else None,
        criteria=risk.criteria if knows_level else None,
        scores=tuple(_score(grade) for grade in risk.grades) if knows_level else None,
        critical=tuple(c for grade in risk.grades for c in grade["critical"])
        if knows_answers
        else None,
        children=risk.children if "children" in full else None,
        markers=tuple(code for code in risk.markers if markers.SECTION_OF[code] in full),
        event_on=event_on.isoformat() if event_on and "orders" in full else None,
        idva=idva if knows_level and not is_own else None,
    )


def _stated_kind(criteria: Collection[str]) -> ListingKind:
    """The kind of listing by what the referrer itself stated."""
    if Criterion.TRANSFER_IN in criteria:
        return ListingKind.TRANSFER_IN
    return ListingKind.REPEAT if Criterion.MARAC_REPEAT in criteria else ListingKind.NEW


def _score(grade: Mapping[str, Any]) -> str:
    return f"{grade['instrument'].split('@')[0]} {grade['score']}/{grade['maximum']}"


def _initials(identity: Mapping[str, Any] | None) -> str | None:
    if identity is None:
        return None
    victim = identity["victim"]
    names = (victim.get("given_names", ""), victim.get("family_name", ""))
    return "".join(f"{name[0]}." for name in names if name) or None
