"""Owns the agenda: ordered and timed once, and for each attendee only that attendee's part."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.agencies import directory
from gateway.disclosure import Disclosed, Sealed, disclose_many, require_purpose, seal_answer
from gateway.errors import Denied
from gateway.ledger import Entry, Work
from gateway.profiles.loader import Profile
from gateway.rules import agenda, markers
from gateway.rules.facts import AgendaFacts, Slot
from gateway.schemas import reference as references
from gateway.schemas.codes import CaseRole, Criterion, Level, ListingKind, Purpose
from gateway.store import cases, conferences, members, referrals
from gateway.store.conferences import ConferenceRow
from gateway.store.members import AssignmentRow

OPENED = frozenset({"victim_identity"})  # for the initials; nothing else is opened
SHOWN = OPENED | {"referral", "risk_answers", "children", *markers.SECTION_OF.values()}


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

    @property
    def is_over_capacity(self) -> bool:
        """Whether more cases are listed than the area plans for one meeting."""
        return agenda.is_over(self.listed, capacity=self.capacity)


def build_agenda(work: Work, conference_id: str, purpose: Purpose) -> tuple[Agenda, Entry]:
    """Build the agenda as the caller may know it, with a fixed number of statements.

    :raises Denied: if the caller's agency does not attend.
    """
    work.attempt("agenda.read", purpose=purpose)
    conference = conferences.find_conference(work.session, conference_id)
    if conference is None:
        raise Denied("absent")
    if work.caller.agency_id not in conferences.list_attendees(work.session, conference_id):
        raise Denied("not-attending")
    profile = work.profiles.for_area(conference.area, work.now.date())
    require_purpose(work, purpose)
    kinds = dict(conferences.list_listed(work.session, conference_id))
    case_ids = list(kinds)
    slots = _order(work, case_ids, kinds, conference, profile)
    found = disclose_many(work, case_ids, purpose, event="agenda.read", only=SHOWN, opens=OPENED)
    entry = work.record(
        "agenda.built",
        None,
        because="attending",
        purpose=purpose,
        facts={"conference": conference_id, "cases": len(found)},
    )
    lines = _lines(work, slots, found, kinds)
    return _agenda(work, conference, profile, slots, lines, len(case_ids)), entry


def seal_agenda(
    work: Work, document: Mapping[str, Any], entry: Entry, purpose: Purpose, *, issuer: str
) -> Sealed:
    """Seal an agenda, as data or as a paper, for the caller's agency alone."""
    return seal_answer(
        work, issuer=issuer, form="agenda/1", document=document, purpose=purpose, entry=entry
    )


def _order(
    work: Work,
    case_ids: list[str],
    kinds: Mapping[str, str],
    conference: ConferenceRow,
    profile: Profile,
) -> tuple[Slot, ...]:
    rows = cases.list_cases(work.session, case_ids)
    risks = cases.list_risks(work.session, case_ids)
    facts = [
        AgendaFacts(
            case_id=case_id,
            referred_at=rows[case_id].opened_at,
            is_emergency=kinds[case_id] == ListingKind.EMERGENCY,
            next_event_on=risks[case_id].event_on,
            is_repeat=kinds[case_id] == ListingKind.REPEAT,
            open_actions=0,
            criteria=frozenset(Criterion(code) for code in risks[case_id].criteria),
            level=risks[case_id].level,
            critical=sum(len(grade["critical"]) for grade in risks[case_id].grades),
            # Honour-based abuse goes before the rest also where it is no criterion by itself.
            has_stalking=not {"STALKING", "HONOUR_BASED"}.isdisjoint(risks[case_id].markers),
        )
        for case_id in case_ids
    ]
    return agenda.order(
        facts,
        on=conference.starts_at.astimezone(profile.zone).date(),
        starts_at=conference.starts_at,
        minutes=profile.capacity.minutes,
    )


def _lines(
    work: Work,
    slots: tuple[Slot, ...],
    found: Mapping[str, Disclosed],
    kinds: Mapping[str, str],
) -> tuple[Line, ...]:
    case_ids = list(found)
    sent = referrals.list_references(work.session, case_ids)
    listings = {row.agency_id: row for row in directory.listings(work.session, work.now)}
    answers = members.list_acknowledgements(work.session, case_ids)
    advisers: dict[str, AssignmentRow] = {}
    for row in members.list_assignments(work.session, case_ids):
        if row.role is CaseRole.IDVA:
            advisers.setdefault(row.case_id, row)
    lines = []
    for slot in slots:
        if slot.case_id not in found:
            continue
        first = sent[slot.case_id][0]
        adviser = advisers.get(slot.case_id)
        answer = answers.get((slot.case_id, adviser.agency_id)) if adviser else None
        lines.append(
            _line(
                slot,
                found[slot.case_id],
                ListingKind(kinds[slot.case_id]),
                reference=references.write(first.reference),
                referrer=listings[first.agency_id],
                idva=None if adviser is None else str(answer[0]) if answer else "WAITING",
            )
        )
    return tuple(lines)


def _line(
    slot: Slot,
    found: Disclosed,
    kind: ListingKind,
    *,
    reference: str,
    referrer: directory.Listing,
    idva: str | None,
) -> Line:
    risk, levels = found.risk, found.decision.shown
    full = {name for name, level in levels.items() if level is Level.FULL}
    knows_level, knows_answers = "referral" in full, "risk_answers" in full
    # A referrer that only sees its own is told nothing that the gateway or others found out.
    is_own = found.decision.because == "own"
    return Line(
        number=slot.number,
        starts_at=slot.starts_at,
        minutes=slot.minutes,
        because=slot.because if knows_level and not is_own else "",
        reference=reference,
        label=_initials(found.find("victim_identity")),
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
        event_on=risk.event_on.isoformat() if risk.event_on and "orders" in full else None,
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


def _agenda(
    work: Work,
    conference: ConferenceRow,
    profile: Profile,
    slots: tuple[Slot, ...],
    lines: tuple[Line, ...],
    listed: int,
) -> Agenda:
    names = {row.agency_id: row.name for row in directory.listings(work.session, work.now)}
    return Agenda(
        conference_id=conference.conference_id,
        area=profile.name,
        starts_at=conference.starts_at,
        ends_at=agenda.ends_at(slots),
        zone=str(profile.zone),
        reader=names[work.caller.agency_id],
        reader_kind=str(work.caller.kind),
        lines=lines,
        listed=listed,
        capacity=profile.capacity.cases,
        labels={
            item.id: item.label
            for instrument in profile.instruments.values()
            for item in instrument.items
        },
    )
