"""Owns the plain values that a rule may know, and the shape of what a rule answers.

Nothing here holds anyone's story: codes, opaque ids, dates and counts only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from gateway.schemas.codes import (
    AgeBand,
    AgencyKind,
    Answer,
    Capacity,
    CaseRole,
    CaseState,
    Category,
    ChildConcern,
    Criterion,
    Danger,
    Duty,
    Level,
    Outcome,
    Position,
    ProfessionalLevel,
    Purpose,
    Recipient,
    RecordKind,
    RiskLevel,
)


@dataclass(frozen=True, slots=True)
class Caller:
    """An agency, what it may do, and the worker behind it ("unattended" if there is none)."""

    agency_id: str
    kind: AgencyKind
    area: str
    scopes: frozenset[str] = frozenset()
    worker_id: str | None = None
    is_chair: bool = False
    new_since: datetime | None = None  # when the worker was registered, if that is not long ago
    vouched_by: str | None = None  # the worker of the agency who had this one registered
    authenticated_at: datetime | None = None  # when the worker last proved who it is
    method: str | None = None  # and how, as the agency says it
    team: str = ""  # the worker's, "" if none is known

    @property
    def actor(self) -> str:
        """Who acts, for the access log."""
        return self.worker_id or "unattended"


# --- the answer of a rule ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Allowed:
    """Yes: `levels` gives each section its level, `duties` are what the door must do.

    Sections that are absent from `levels` are NONE; `own` gives the level of what the caller
    contributed itself, where `levels` speaks of the others' part of a section of that name.
    `reasons` names the deciding row per section.
    """

    levels: Mapping[str, Level]
    because: str
    own: Mapping[str, Level] = field(default_factory=dict)
    duties: frozenset[str] = frozenset()
    reasons: Mapping[str, str] = field(default_factory=dict)

    def level(self, section: str, *, is_own: bool) -> Level:
        """The level of one contribution."""
        return (self.own if is_own else self.levels).get(section, Level.NONE)

    @property
    def shown(self) -> Mapping[str, Level]:
        """Every section of which anything is shown, own ones among them."""
        return {**self.levels, **self.own}

    def __bool__(self) -> Literal[True]:
        return True


@dataclass(frozen=True, slots=True)
class Refused:
    """No. `because` is a code; it goes to the access log, never to the caller."""

    because: str

    def __bool__(self) -> Literal[False]:
        return False


Decision = Allowed | Refused


# --- consent (domain: who may share what) -----------------------------------------------------


@dataclass(frozen=True, slots=True)
class ConsentFacts:
    """The seven inputs of the consent table: 6 x 4 x 3 x 3 x 3 x 3 x 2 = 3,888 combinations."""

    position: Position
    risk: RiskLevel
    child: ChildConcern
    danger: Danger
    capacity: Capacity
    age: AgeBand
    care_needs: bool


@dataclass(frozen=True, slots=True)
class ConsentDecision:
    """What the consent table says; `rule` is its row, such as "R5a"."""

    rule: str
    outcome: Outcome
    share_with: frozenset[Recipient]
    duties: frozenset[Duty]
    must_record: frozenset[RecordKind]

    @property
    def recipients(self) -> frozenset[Recipient]:
        """Everyone the rule or a duty names, the conference excepted."""
        owed = {
            Duty.CSC: Recipient.CSC,
            Duty.ASC: Recipient.ASC,
            Duty.POLICE_999: Recipient.POLICE,
        }
        named = self.share_with | {owed[duty] for duty in self.duties if duty in owed}
        return frozenset(named - {Recipient.MARAC})


# --- risk -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AssessmentFacts:
    """One filled risk instrument. `answers` maps item id to answer; a missing item is NOT_ASKED."""

    instrument: str  # "DASH_RIC@1"
    assessed_on: date
    answers: Mapping[str, Answer]
    professional_level: ProfessionalLevel = ProfessionalLevel.NONE


@dataclass(frozen=True, slots=True)
class RiskGrade:
    """A graded assessment: score, judgement and result stay separate facts (M13)."""

    instrument: str
    score: int
    maximum: int
    yes: int
    no: int
    unknown: int  # DONT_KNOW, NOT_ASKED and REFUSED together
    level_score: ProfessionalLevel
    level_professional: ProfessionalLevel
    level_final: ProfessionalLevel
    critical: tuple[str, ...]  # critical items answered YES, in instrument order
    is_unreliable: bool  # too many unknowns to support "standard"
    prompts: tuple[str, ...]  # codes of what to ask or consider next; never raises by itself
    is_banded: bool = True  # False: the instrument's score supports no level at all


# --- one case, as the disclosure rule sees it ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class SectionFacts:
    """One stored section: its name in fields.toml, who contributed it, and what stands sealed."""

    name: str
    owner: str  # agency id
    has_summary: bool = False
    sealed_to: frozenset[str] = frozenset()  # class EXCLUSIVE: agencies holding a sealed copy


@dataclass(frozen=True, slots=True)
class Membership:
    """Why an agency belongs to a case, now. Roles come from dated assignment rows."""

    agency_id: str
    kind: AgencyKind
    roles: frozenset[CaseRole]
    conditions: frozenset[str] = frozenset()  # matrix condition codes known to be true
    is_present: bool = False  # in the room while this case is heard
    in_room: frozenset[str] | None = None  # while it is heard, by whom; None: it is not heard now


Worker = tuple[str, str]
"""(agency id, worker id)"""


@dataclass(frozen=True, slots=True)
class Ties:
    """Who is tied to a person of a case, and what was decided about it; empty: nobody is.

    `hits` come from the keyed index on each request, the rest from dated acts.
    """

    opened_at: datetime | None = None  # when the case came in
    hits: frozenset[Worker] = frozenset()  # share a name and birth, address, phone or employer
    employers: frozenset[str] = frozenset()  # agencies that employ somebody in the case
    excluded: frozenset[Worker] = frozenset()  # set aside by hand, or by its own word
    lifted: frozenset[Worker] = frozenset()  # the chair found a hit to be somebody else
    deputies: frozenset[Worker] = frozenset()  # named to read where their agency is tied
    chairs: frozenset[Worker] = frozenset()  # of the coordinating agency: each other's alternates
    confirmed: frozenset[Worker] = frozenset()  # new, and the coordinator knows of them
    is_restricted: bool = False  # the victim is a partner's staff
    is_counter: bool = False  # another record has the same people the other way round
    here: frozenset[Worker] = frozenset()  # work for the victim of this record
    there: frozenset[Worker] = frozenset()  # work for the victim of the other one


@dataclass(frozen=True, slots=True)
class Approval:
    """One section opened to one agency whose cell says case by case, for a recorded reason."""

    agency_id: str
    section: str
    approver: str  # worker id of whoever answers for it
    approver_agency: str
    has_reason: bool  # the reason itself stands in the record, never here


@dataclass(frozen=True, slots=True)
class Narrowing:
    """A limit that the victim set on a purpose or a class of data; what is None is any."""

    kind: AgencyKind | None = None
    agency: str | None = None
    purpose: Purpose | None = None
    category: Category | None = None


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What the disclosure rule may know of a case."""

    case_id: str
    state: CaseState
    outcome: Outcome
    in_conference: bool  # the case is open in a running conference
    members: Mapping[str, Membership]  # by agency id
    sections: tuple[SectionFacts, ...]
    position: Position
    area: str = ""
    excluded_kinds: frozenset[AgencyKind] = frozenset()  # the victim's conditions
    excluded_agencies: frozenset[str] = frozenset()
    overridden_kinds: frozenset[AgencyKind] = frozenset()  # conditions an override names and breaks
    barred_kinds: frozenset[AgencyKind] = frozenset()  # must not receive, whatever an override says
    narrowed: frozenset[Narrowing] = frozenset()  # her limits on purposes and classes that stand
    conflicted: frozenset[str] = frozenset()  # agencies behind the wall, but for a named deputy
    ties: Ties = Ties()
    approved: frozenset[Approval] = frozenset()  # what was opened at C
    consent_seq: int = 0  # which of the case's consent decisions stands


# --- routing ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether an agency can be routed to today."""

    agency_id: str
    kind: AgencyKind
    area: str
    is_suspended: bool = False
    is_conflicted: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """One recipient found: the agency, the role it gets, and the row that chose it."""

    recipient: Recipient
    agency_id: str
    role: CaseRole
    rule: str
    because: str


# --- repeats ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EarlierCase:
    """An earlier case that shares the victim and at least one perpetrator."""

    case_id: str
    referred_on: date
    heard_on: date | None


# --- agenda -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AgendaFacts:
    """What orders one case on the agenda."""

    case_id: str
    referred_at: datetime
    is_emergency: bool
    next_event_on: date | None  # release, court or other dated event
    is_repeat: bool
    open_actions: int
    criteria: frozenset[Criterion]
    level: RiskLevel
    critical: int  # how many critical items are YES
    has_stalking: bool
    is_staff_restricted: bool = False
    specialists: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Slot:
    """A place on the agenda: number from 1, start and minutes."""

    case_id: str
    number: int
    starts_at: datetime
    minutes: int
    because: str  # the ordering row: "emergency", "event-within-7-days", ...


__all__ = [
    "AgendaFacts",
    "Allowed",
    "Approval",
    "AssessmentFacts",
    "Caller",
    "CaseFacts",
    "ConsentDecision",
    "ConsentFacts",
    "Decision",
    "EarlierCase",
    "Membership",
    "Narrowing",
    "Refused",
    "RiskGrade",
    "Route",
    "SectionFacts",
    "Slot",
    "Standing",
    "Ties",
    "Worker",
]
