"""Owns the words of the desk: how codes, times and fields are said to people."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta, tzinfo

from gateway.schemas import moments
from gateway.schemas.codes import CaseRole, PersonRole

ROLES: Mapping[PersonRole, str] = {
    PersonRole.COORDINATOR: "Coordinator",
    PersonRole.CHAIR: "Chair",
    PersonRole.IDVA: "IDVA",
    PersonRole.AGENCY_REP: "Agency representative",
    PersonRole.REFERRER: "Referrer",
    PersonRole.DPO_AUDITOR: "Data protection officer",
    PersonRole.GOVERNANCE: "Steering group",
    PersonRole.AGENCY_ADMIN: "Agency administrator",
}
PURPOSES: Mapping[str, str] = {
    "P1": "Identify the risk",
    "P2": "Plan the victim's safety",
    "P3": "Keep a child safe",
    "P4": "Safeguard an adult",
    "P5": "Manage the person who causes harm",
    "P6": "Keep staff safe",
    "P7": "Keep a home safe",
    "P8": "Give evidence for an order",
    "P9": "Coordinate the case",
    "P10": "Audit",
    "P11": "Count cases",
}
STATES: Mapping[str, str] = {
    "DRAFT": "Draft",
    "SUBMITTED": "Received",
    "TRIAGE": "Waits for triage",
    "RETURNED": "Returned to the referrer",
    "LAPSED_ESCALATED": "Return lapsed",
    "REJECTED": "Not accepted",
    "REDIRECTED": "Redirected",
    "MERGED": "Merged",
    "ACCEPTED": "Accepted",
    "LISTED": "On a conference list",
    "RESEARCH": "Research",
    "READY": "Ready for the conference",
    "DEFERRED": "Deferred",
    "EMERGENCY": "Emergency",
    "HEARD": "Heard",
    "ACTIONS_OPEN": "Actions open",
    "RELISTED": "Listed again",
    "MONITORING": "Monitored",
    "TRANSFER_OUT_PENDING": "On its way to another area",
    "TRANSFERRED_OUT": "Handed to another area",
    "WITHDRAWN": "Withdrawn",
    "CLOSED": "Closed",
    "RETAINED": "Kept",
    "LEGAL_HOLD": "Kept for a court",
    "DESTROYED": "Destroyed",
    "ABANDONED": "Abandoned",
}
LEVELS: Mapping[str, tuple[str, str]] = {  # words, and the colour of the tag
    "HIGH": ("High risk", "red"),
    "MEDIUM": ("Medium risk", "orange"),
    "STANDARD": ("Standard risk", "grey"),
    "UNASSESSED": ("Risk not assessed", "yellow"),
}
OWED: Mapping[str, str] = {
    "RENEW_AGREEMENT": "Ask whether she still agrees",
    "COMPLETE_OVERRIDE_RECORD": "Complete the record of sharing without agreement",
    "REVIEW_OVERRIDE": "Review the decision to share without agreement",
    "RING_999": "Ring 999",
    "AGREEMENT_ENDED": "Her agreement has ended",
    "DECIDE_RELEASE": "Decide whether a team may learn where she is",
    "REVIEW_RELEASE": "Look at what was released in an emergency",
}
SECTIONS: Mapping[str, str] = {
    "victim_identity": "Who she is",
    "victim_address": "Her address",
    "protected_address": "Where she is now",
    "safe_contact": "How to reach her safely",
    "risk_answers": "Risk assessment",
    "incidents": "What happened",
    "perpetrators": "Who causes harm",
    "referral": "The referral",
    "override": "Record of sharing without agreement",
    "consent": "What she wants",
    "research_return": "Research: who is known, and who comes",
    "research_identity": "Research: who she is",
    "research_address": "Research: her address",
    "research_perpetrators": "Research: who causes harm",
    "research_children": "Research: children",
    "research_incidents": "Research: what happened",
    "research_health": "Research: health",
    "research_mental_health": "Research: mental health",
    "research_substance_use": "Research: alcohol and drugs",
    "research_sexual_violence": "Research: sexual violence",
    "research_offending": "Research: offences of hers",
    "research_history": "Research: what he has done",
    "research_orders": "Research: orders and courts",
    "research_tenancy": "Research: home",
    "research_finances": "Research: money",
    "research_employment": "Research: work",
    "research_actions": "Research: what agencies propose to do",
    "minutes": "Minutes of the meeting",
    "move_note": "Why it was withdrawn, closed or handed on",
}
PARTS: Mapping[CaseRole, str] = {
    CaseRole.REFERRER: "your referral",
    CaseRole.COORDINATOR: "you coordinate",
    CaseRole.IDVA: "you support",
    CaseRole.NAMED: "named to act",
    CaseRole.ALERTED: "alerted",
    CaseRole.RESEARCH: "asked to look in your records",
}
POSITIONS: Mapping[str, str] = {
    "GIVEN": "She agrees to sharing",
    "WITHHELD": "She does not agree to sharing",
    "WITHDRAWN": "She took her agreement back",
    "NOT_SOUGHT_UNSAFE": "Not asked, because it was not safe",
    "NOT_SOUGHT_UNABLE": "Not asked, because she could not decide",
    "UNRECORDED": "Not recorded",
}
STEPS: Mapping[str, str] = {
    "REFERRER": "Why it is here",
    "VICTIM": "Her voice",
    "AGENCIES": "What agencies know",
    "RISKS": "Risks",
    "ACTIONS": "Decisions and actions",
}
MISSING: Mapping[str, str] = {
    "CHAIR": "the chair",
    "POLICE": "the police",
    "IDVA": "the IDVA service",
    "REFERRER": "whoever referred her",
    "CSC": "children's social care",
}
FEEDBACK: Mapping[str, str] = {
    "PLAN_AGREED": "a plan was agreed",
    "MORE_INFO_NEEDED": "more is needed to go on",
    "TRANSFERRED": "it goes to another area",
    "NOT_THRESHOLD_SUPPORT_OFFERED": "support is offered outside the conference",
}
DEFERRALS: Mapping[str, str] = {
    "REFERRER_NOT_BRIEFED": "whoever presents it is not briefed",
    "INTERPRETER_MISSING": "there is no interpreter",
    "CONFLICT_IN_ROOM": "somebody in the room is too close to it",
    "TIME_RAN_OUT": "the time ran out",
}
MINUTES: Mapping[str, str] = {
    "SHARED": "What an agency shared",
    "VICTIM_VIEWS": "What she wants",
    "RISK": "A risk",
    "DECISION": "A decision",
    "NOT_SHARED": "A decision not to share or not to act, and why",
    "FLAG": "A flag that is placed",
    "LINK": "A link to another process",
    "NEXT_REVIEW": "The next review",
    "SENT": "Sent by an agency that could not come",
    "CORRECTION": "A correction",
}
MINUTE_KINDS = [(code, text) for code, text in MINUTES.items() if code != "CORRECTION"]
SAID: Mapping[str, str] = {
    "FACT": "Fact",
    "OPINION": "Opinion",
    "THIRD_PARTY": "From somebody else",
}
CLASSES: Mapping[str, str] = {
    "minutes": "The meeting itself",
    "minutes_incidents": "What happened",
    "minutes_children": "Children",
    "minutes_perpetrator": "Who causes harm",
    "minutes_orders": "Orders, bail and courts",
    "minutes_housing": "Her home",
    "minutes_health": "Health and injuries",
    "minutes_mental_health": "Mental health",
    "minutes_substance_use": "Alcohol and drugs",
    "minutes_sexual_violence": "Sexual violence",
    "minutes_offending": "Offences of hers",
}
_THEMES: Mapping[str, str] = {
    "IDVA_CONTACT": "Contact by the IDVA",
    "TARGET_HARDEN": "Locks, alarms, a safe room",
    "REHOUSE": "A new home",
    "MGMT_TRANSFER": "A management transfer",
    "ARREST_ENFORCE": "Arrest, or enforce",
    "DVPN_DVPO": "Protection notice or order (DVPN, DVPO)",
    "DAPN_DAPO": "Protection notice or order (DAPN, DAPO)",
    "NMO": "Non-molestation order",
    "OCC_ORDER": "Occupation order",
    "INJUNCTION_ASB": "Injunction against nuisance",
    "STALKING_SPO": "Stalking protection order",
    "DVDS": "Disclosure scheme (DVDS)",
    "CSC_REFERRAL": "Referral to children's social care",
    "CP_MEETING": "Child protection meeting",
    "SCHOOL_INFORM": "Tell the school",
    "ASC_REFERRAL": "Referral to adult social care",
    "MH_REFERRAL": "Referral to mental health",
    "PROBATION_RECALL_LICENCE": "Recall, or terms of a licence",
    "MAPPA_REF": "Referral to MAPPA",
    "PERP_PROGRAMME": "Programme for who causes harm",
    "FMU_FMPO": "Forced marriage unit or order",
    "PET_FOSTER": "A place for a pet",
    "INFO_GATHER": "Find something out",
}
ATTENDS: Mapping[str, str] = {
    "REPRESENTATIVE": "I speak for my agency",
    "DEPUTY": "I speak for my agency in somebody's place",
    "OBSERVER": "I observe; the chair has to let me in",
}
_ATTENDING: Mapping[str, str] = {
    "REPRESENTATIVE": "Speaks for the agency",
    "DEPUTY": "Deputy",
    "OBSERVER": "Observer",
}
_UPPER = {
    "dob": "date of birth",
    "csc": "social care",
    "oic": "officer in charge",
    "nhs": "NHS",
    "ric": "RIC",
    "dash": "DASH",
    "uprn": "UPRN",
}
_SMALL = {"id", "gp", "idva", "mappa", "asb"}


def roles(held: Collection[PersonRole]) -> str:
    """The roles of a person, in words."""
    return ", ".join(ROLES[each] for each in PersonRole if each in held)


def state(code: str | None) -> str:
    """A state of a case."""
    return STATES.get(code or "", plain(code or ""))


def owed(code: str) -> str:
    """What somebody owes."""
    return OWED.get(code, plain(code))


def section(name: str) -> str:
    """A part of a case, as its heading says it."""
    return SECTIONS.get(name, plain(name))


def part(held: Collection[CaseRole]) -> str:
    """Why an agency has a part in a case."""
    return ", ".join(PARTS[each] for each in CaseRole if each in held)


def position(code: str) -> str:
    """What the victim said about sharing."""
    return POSITIONS.get(code, plain(code))


def theme(code: str) -> str:
    """What an action is about."""
    return _THEMES.get(code, plain(code))


def attending(code: str) -> str:
    """As what somebody is at a conference."""
    return _ATTENDING.get(code, plain(code))


def plain(code: str) -> str:
    """A code or the name of a field as words."""
    parts = code.replace(".", " ").replace("_", " ").lower().split()
    shown = [_UPPER.get(p, p.upper() if p in _SMALL else p) for p in parts]
    text = " ".join(shown)
    return text[:1].upper() + text[1:]


def moment(at: datetime, zone: tzinfo) -> str:
    """A time as the area's clock shows it: "Mon 23 Nov, 10:05"."""
    local = at.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b}, {local:%H:%M}"


def written(at: str, zone: tzinfo) -> str:
    """A time as a document writes it, by the area's clock."""
    return moment(moments.read(at), zone)


def day(at: datetime, zone: tzinfo) -> str:
    """The day of a time: "Monday 23 November 2026"."""
    local = at.astimezone(zone)
    return f"{local:%A} {local.day} {local:%B %Y}"


def span(length: timedelta) -> str:
    """About how long: "40 minutes", "3 hours", "2 days"."""
    minutes = max(0, int(length.total_seconds() // 60))
    if minutes < 90:
        return _counted(minutes, "minute")
    hours = round(minutes / 60)
    return _counted(hours, "hour") if hours < 48 else _counted(round(hours / 24), "day")


def until(at: datetime, now: datetime) -> str:
    """How far a deadline is: "2 hours late", "in 3 days"."""
    return f"{span(now - at)} late" if at < now else f"in {span(at - now)}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun."""
    return _counted(number, one, many)


def _counted(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
