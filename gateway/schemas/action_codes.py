"""Owns the codes of actions and of the flag of a case: what was agreed, and what became of it."""

from __future__ import annotations

from enum import StrEnum


class ActionTheme(StrEnum):
    """What an action is about."""

    FLAG = "FLAG"
    IDVA_CONTACT = "IDVA_CONTACT"
    SAFETY_PLAN = "SAFETY_PLAN"
    TARGET_HARDEN = "TARGET_HARDEN"  # locks, alarms, a sanctuary scheme
    REHOUSE = "REHOUSE"
    MGMT_TRANSFER = "MGMT_TRANSFER"
    REFUGE = "REFUGE"
    POLICE_MARKER = "POLICE_MARKER"
    ARREST_ENFORCE = "ARREST_ENFORCE"
    DVPN_DVPO = "DVPN_DVPO"
    DAPN_DAPO = "DAPN_DAPO"
    NMO = "NMO"
    OCC_ORDER = "OCC_ORDER"
    INJUNCTION_ASB = "INJUNCTION_ASB"
    STALKING_SPO = "STALKING_SPO"
    DVDS = "DVDS"
    CSC_REFERRAL = "CSC_REFERRAL"
    CP_MEETING = "CP_MEETING"
    SCHOOL_INFORM = "SCHOOL_INFORM"
    ASC_REFERRAL = "ASC_REFERRAL"
    HEALTH_APPT = "HEALTH_APPT"
    MH_REFERRAL = "MH_REFERRAL"
    SUBSTANCE = "SUBSTANCE"
    PROBATION_RECALL_LICENCE = "PROBATION_RECALL_LICENCE"
    MAPPA_REF = "MAPPA_REF"
    PERP_PROGRAMME = "PERP_PROGRAMME"
    TENANCY_ENFORCE = "TENANCY_ENFORCE"
    IMMIGRATION_ADVICE = "IMMIGRATION_ADVICE"
    FMU_FMPO = "FMU_FMPO"
    PET_FOSTER = "PET_FOSTER"
    WORKPLACE_SAFETY = "WORKPLACE_SAFETY"
    TRANSFER = "TRANSFER"
    INFO_GATHER = "INFO_GATHER"
    FEEDBACK = "FEEDBACK"


class ActionAbout(StrEnum):
    """Whose safety, or whose behaviour, an action is about."""

    VICTIM = "VICTIM"
    CHILD = "CHILD"
    PERP = "PERP"
    STAFF = "STAFF"


class ActionUrgency(StrEnum):
    """Which clock an action has unless a day is set."""

    ROUTINE = "ROUTINE"
    URGENT = "URGENT"


class ActionStatus(StrEnum):
    """How an action stands."""

    PROPOSED = "PROPOSED"
    ACCEPTED = "ACCEPTED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    NOT_POSSIBLE = "NOT_POSSIBLE"
    NOT_DONE = "NOT_DONE"
    SUPERSEDED = "SUPERSEDED"


class ActionAct(StrEnum):
    """What is done to an action; each act is a dated row."""

    PROPOSE = "PROPOSE"
    ACCEPT = "ACCEPT"
    START = "START"
    COMPLETE = "COMPLETE"
    CANNOT = "CANNOT"
    MISS = "MISS"
    SUPERSEDE = "SUPERSEDE"
    VERIFY = "VERIFY"  # somebody of the coordinator saw the evidence
    SEND = "SEND"  # the plan went out


class NotPossible(StrEnum):
    """Why an action cannot be done."""

    CIRCUMSTANCES_CHANGED = "CIRCUMSTANCES_CHANGED"
    VICTIM_DECLINED = "VICTIM_DECLINED"
    VICTIM_MOVED = "VICTIM_MOVED"
    NOT_REACHED = "NOT_REACHED"
    NO_POWER = "NO_POWER"  # the law, or the agency's own rules, do not allow it
    NOT_OURS = "NOT_OURS"  # another agency's to do
    OTHER = "OTHER"  # with a note


class ActionRung(StrEnum):
    """Who is told, one after the other, that an action is overdue."""

    OWNER = "OWNER"
    LEAD = "LEAD"  # of the owner, at the same moment
    CHAIR = "CHAIR"
    AGENDA = "AGENDA"  # it stands on the agenda of the next conference
    STEERING = "STEERING"


class FlagAct(StrEnum):
    """What is done to the flag on a case."""

    PLACED = "PLACED"
    RENEWED = "RENEWED"  # a new incident, a repeat: the period begins again
    REMOVED = "REMOVED"


class FlagReason(StrEnum):
    """Why a flag was removed."""

    PERIOD_ENDED = "PERIOD_ENDED"
    PLACED_IN_ERROR = "PLACED_IN_ERROR"
    MOVED_AWAY = "MOVED_AWAY"  # the area that she moved to places its own
    SAFETY = "SAFETY"  # that there is a flag would endanger her
