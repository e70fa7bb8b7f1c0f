"""Owns the words of plans: themes, how an action stands, what is done to it, why it cannot be."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.schemas.action_codes import (
    ActionAbout,
    ActionAct,
    ActionStatus,
    ActionTheme,
    ActionUrgency,
    FlagAct,
    FlagReason,
    NotPossible,
)

THEMES: Mapping[ActionTheme, str] = {
    ActionTheme.FLAG: "Put a flag on a record",
    ActionTheme.IDVA_CONTACT: "IDVA contact",
    ActionTheme.SAFETY_PLAN: "Safety plan",
    ActionTheme.TARGET_HARDEN: "Locks, alarms, a sanctuary scheme",
    ActionTheme.REHOUSE: "Another home",
    ActionTheme.MGMT_TRANSFER: "Management transfer",
    ActionTheme.REFUGE: "Refuge",
    ActionTheme.POLICE_MARKER: "Police marker",
    ActionTheme.ARREST_ENFORCE: "Arrest or enforcement",
    ActionTheme.DVPN_DVPO: "Domestic violence protection notice or order",
    ActionTheme.DAPN_DAPO: "Domestic abuse protection notice or order",
    ActionTheme.NMO: "Non-molestation order",
    ActionTheme.OCC_ORDER: "Occupation order",
    ActionTheme.INJUNCTION_ASB: "Injunction",
    ActionTheme.STALKING_SPO: "Stalking protection order",
    ActionTheme.DVDS: "Disclosure scheme",
    ActionTheme.CSC_REFERRAL: "Referral to children's social care",
    ActionTheme.CP_MEETING: "Child protection meeting",
    ActionTheme.SCHOOL_INFORM: "Tell a school",
    ActionTheme.ASC_REFERRAL: "Referral to adult social care",
    ActionTheme.HEALTH_APPT: "Health appointment",
    ActionTheme.MH_REFERRAL: "Referral to mental health",
    ActionTheme.SUBSTANCE: "Alcohol and drugs",
    ActionTheme.PROBATION_RECALL_LICENCE: "Recall or licence",
    ActionTheme.MAPPA_REF: "Referral to MAPPA",
    ActionTheme.PERP_PROGRAMME: "Programme for who causes harm",
    ActionTheme.TENANCY_ENFORCE: "Tenancy enforcement",
    ActionTheme.IMMIGRATION_ADVICE: "Immigration advice",
    ActionTheme.FMU_FMPO: "Forced marriage: unit or order",
    ActionTheme.PET_FOSTER: "A place for a pet",
    ActionTheme.WORKPLACE_SAFETY: "Safety at work",
    ActionTheme.TRANSFER: "Transfer to another area",
    ActionTheme.INFO_GATHER: "Find something out",
    ActionTheme.FEEDBACK: "Tell somebody the outcome",
}
STATUSES: Mapping[ActionStatus, tuple[str, str]] = {  # words, and the colour of the tag
    ActionStatus.PROPOSED: ("Not yet accepted", "yellow"),
    ActionStatus.ACCEPTED: ("Accepted", "blue"),
    ActionStatus.IN_PROGRESS: ("Under way", "light-blue"),
    ActionStatus.COMPLETED: ("Done", "green"),
    ActionStatus.NOT_POSSIBLE: ("Not possible", "grey"),
    ActionStatus.NOT_DONE: ("Not done", "red"),
    ActionStatus.SUPERSEDED: ("Replaced", "grey"),
}
ACTS: Mapping[ActionAct, str] = {
    ActionAct.PROPOSE: "Put into the plan",
    ActionAct.ACCEPT: "Accepted",
    ActionAct.START: "Begun",
    ActionAct.COMPLETE: "Done",
    ActionAct.CANNOT: "Not possible",
    ActionAct.MISS: "Not done",
    ActionAct.SUPERSEDE: "Replaced",
    ActionAct.VERIFY: "Evidence seen",
    ActionAct.SEND: "Sent out",
}
ABOUT: Mapping[ActionAbout, str] = {
    ActionAbout.VICTIM: "Her safety",
    ActionAbout.CHILD: "A child",
    ActionAbout.PERP: "Who causes harm",
    ActionAbout.STAFF: "Staff",
}
URGENCIES: Mapping[ActionUrgency, str] = {
    ActionUrgency.ROUTINE: "Within the usual time",
    ActionUrgency.URGENT: "Urgent: within 24 hours",
}
REASONS: Mapping[NotPossible, str] = {
    NotPossible.CIRCUMSTANCES_CHANGED: "Circumstances have changed",
    NotPossible.VICTIM_DECLINED: "She does not want it",
    NotPossible.VICTIM_MOVED: "She has moved",
    NotPossible.NOT_REACHED: "The person could not be reached",
    NotPossible.NO_POWER: "We may not do it",
    NotPossible.NOT_OURS: "It is another agency's to do",
    NotPossible.OTHER: "Another reason, written below",
}
FLAG_ACTS: Mapping[FlagAct, str] = {
    FlagAct.PLACED: "Placed",
    FlagAct.RENEWED: "Renewed",
    FlagAct.REMOVED: "Removed",
}
FLAG_REASONS: Mapping[FlagReason, str] = {
    FlagReason.PERIOD_ENDED: "Its 12 months have passed",
    FlagReason.PLACED_IN_ERROR: "It was placed in error",
    FlagReason.MOVED_AWAY: "She moved; the other area has its own",
    FlagReason.SAFETY: "That there is a flag endangers her",
}
_WRONG: Mapping[str, str] = {
    "text": "Write what is to be done.",
    "owner": "Choose the agency that is to do it.",
    "due_on": "Give a day within a year from now.",
    "depends_on": "There is no such action in this case.",
    "reason": "Choose why it is not possible.",
    "note": "Write what shows that it was done, or why it cannot be.",
}
STOPPED: Mapping[str, str] = {
    "no_flag": "No flag stands on this case any more.",
    "flag_stands": "Its 12 months have not passed yet.",
    "not_yours": "This is for somebody else to say.",
    "left_out": "This agency may not know of the case, so it can be given no action.",
    "too_many": "So many actions in one case are too many.",
    "actions_open": "An action of the case is still open.",
    "nothing_to_send": "Everything of this conference has gone out already.",
    "illegal_state": "It has moved on since you opened this page: below is how it stands.",
}


def wrong(fields: list[str]) -> str:
    """What an action or a step still needs: the first of its faults in words."""
    return next((_WRONG[each] for each in fields if each in _WRONG), "Check what you wrote.")
