"""Owns the words of triage: reasons, criteria, rules and decisions, said to a coordinator."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.rules import completeness as c
from gateway.schemas.codes import AreaDecision, Criterion, Duty, Outcome, ReturnReason

REASONS: Mapping[ReturnReason, str] = {
    ReturnReason.MISSING_DOB_OR_NAME: "Her name or date of birth is missing",
    ReturnReason.MISSING_PERP: "It does not say who causes harm",
    ReturnReason.NO_RATIONALE: "It does not say why, and why now",
    ReturnReason.NO_RISK_ASSESSMENT: "There is no risk assessment, or too little of one",
    ReturnReason.CRITERIA_NOT_EVIDENCED: "The criteria are not backed by what is written",
    ReturnReason.NO_SAFE_CONTACT: "There is no safe way to reach her",
    ReturnReason.CHILD_DETAILS_MISSING: "Details of the children are missing",
    ReturnReason.CONSENT_RECORD_INCOMPLETE: "The record of what she wants is not complete",
    ReturnReason.WRONG_AREA: "Another area hears it",
    ReturnReason.DUPLICATE: "It was sent before",
    ReturnReason.UNDER_AGE: "She is under 16",
    ReturnReason.NOT_DOMESTIC_ABUSE: "It is not domestic abuse",
    ReturnReason.QUALITY_OTHER: "Something else is not good enough",
}
GAPS: Mapping[str, str] = {
    c.NAME: "Her first name or family name is not given.",
    c.BIRTH: "Her date of birth is not known.",
    c.WHO_HARMS: "Nobody who causes harm is named.",
    c.RATIONALE: "The account is very short. A good one tells what happened, the history,"
    " what has changed, why now, and what was done already.",
    c.NOT_ASSESSED: "No risk assessment came with it.",
    c.THIN: "So many answers are not known that the score says little.",
    c.UNPROVEN: "It claims a criterion that neither the score nor a judgement bears out.",
    c.NO_CONTACT: "No safe contact was sent.",
    c.CHILD_BIRTH: "A child's date of birth is not known.",
    c.CHILD_CARE: "Nobody asked whether social care knows the children.",
    c.RECORD: "The record of sharing without her agreement is still owed.",
    c.TOO_YOUNG: "She is under 16: children's services act, not the conference.",
}
CRITERIA: Mapping[Criterion, str] = {
    Criterion.VISIBLE_HIGH_RISK: "High risk by the number of ticks",
    Criterion.PROFESSIONAL_JUDGEMENT: "High risk in the professional's judgement",
    Criterion.POTENTIAL_ESCALATION: "It happens more often, or gets worse",
    Criterion.MARAC_REPEAT: "Heard before, within 12 months",
    Criterion.HONOUR_BASED: "So-called honour-based abuse",
    Criterion.TRANSFER_IN: "Moved here; heard in another area",
}
OUTCOMES: Mapping[Outcome, str] = {
    Outcome.ALLOW: "It may be shared for the conference.",
    Outcome.ALLOW_OVERRIDE: "It may be shared without her agreement, and why must be written down.",
    Outcome.ALLOW_MIN: "Only what is necessary goes to those whom a duty names.",
    Outcome.ALLOW_BEST_INTERESTS: "It may be shared in her best interests.",
    Outcome.ALLOW_SUPPORT: "It goes to a support service, not to the conference.",
    Outcome.ESCALATE: "Nothing is shared until a person has decided.",
    Outcome.HOLD_RECORD: "Nothing is shared until it is recorded what she said.",
    Outcome.NO_SHARE: "It is not shared.",
}
RULES: Mapping[str, str] = {
    "R1a": "Her life is in danger now, and she agrees.",
    "R1b": "Her life is in danger now; that comes before everything else.",
    "R2": "She is under 16.",
    "R3": "What she said about sharing was not recorded.",
    "R4a": "The risk is high, and she cannot decide for herself.",
    "R4b": "She cannot decide for herself, and the risk is not high.",
    "R5a": "The risk is high, and she agrees.",
    "R5b": "The risk is high, and she agrees; it is in doubt whether she can decide freely.",
    "R6": "The risk is high, and she did not agree or was not asked.",
    "R7": "The risk was not assessed.",
    "R8": "The risk is not high, and she agrees.",
    "R9": "The risk is not high, and she did not agree; but a duty to others applies.",
    "R10": "The risk is not high, and it is in doubt whether she can decide freely.",
    "R11": "The risk is not high, and a child may be in need.",
    "R12": "The risk is not high, she did not agree, and no duty applies.",
}
DUTIES: Mapping[Duty, str] = {
    Duty.CSC: "Children's social care must be told.",
    Duty.ASC: "Adult social care must be told.",
    Duty.POLICE_999: "Ring 999.",
    Duty.POLICE_CONSIDER: "Think about telling the police.",
}
DONE: Mapping[AreaDecision, str] = {
    AreaDecision.ACCEPT: "Accepted. The referrer sees that it was.",
    AreaDecision.RETURN: "Returned. The referrer sees your reasons; whoever supports her is still"
    " told of her.",
    AreaDecision.REJECT: "Not accepted. The referrer sees your reasons, and may challenge it once.",
    AreaDecision.REDIRECT: "Redirected. The referrer sees your reasons.",
    AreaDecision.MERGE: "Merged. Every referrer stays a source of the other case.",
    AreaDecision.EMERGENCY: "It is an emergency now. Ring the chair, the police and the IDVA"
    " service; the meeting is held within 48 hours.",
}
LINKS: Mapping[str, str] = {
    "SAME_PEOPLE": "The same people",
    "SAME_VICTIM": "The same woman, another person who causes harm",
    "SAME_PERPETRATOR": "The same person who causes harm, another victim",
    "REVERSED": "The same people the other way round",
    "MERGED": "Merged",
}
# Where a form says what is wrong: by what was decided and which field.
FAULTS: Mapping[tuple[str, str], str] = {
    ("RETURN", "reasons"): "Choose at least one reason.",
    ("REJECT", "reason"): "Write why it is not accepted.",
    ("REJECT", "alternative_route"): "Write where the referrer can turn instead.",
    ("REDIRECT", "alternative_route"): "Write where it goes instead.",
    ("MERGE", "merge_with"): "Choose the case that it belongs to, or write its reference.",
}


def fault(decision: str, field: str) -> str:
    """What is wrong with one field of a decision."""
    return FAULTS.get((decision, field), "This is too long, or holds signs that cannot be kept.")


CONFLICTS: Mapping[str, str] = {
    "changed_meanwhile": "Somebody decided about it after you opened this page. Nothing was sent;"
    " what you wrote stands below.",
    "illegal_state": "This can no longer be decided: the referral has moved on. What you wrote"
    " stands below.",
    "under_age": "She is under 16. The conference does not hear her; redirect it to children's"
    " services.",
    "recall_open": "The referrer has asked for it back. That stands on this page now: read it, and"
    " decide again if you still want to.",
    "counter": "These two accuse each other: each stays a case of its own.",
    "idempotency_key_reused": "This form was sent before with other words. What it says now was not"
    " sent; send it again.",
    "in_progress": "The same form is being sent at this moment. Look again in a minute.",
    "same_person": "Somebody else has to do this: it needs a second person.",
    "chair_only": "Only the chair can do this.",
    "match_settled": "Somebody said before you whether these are the same.",
    "deputy_tied": "This person is close to somebody in the case, too. Name another.",
    "deputy_undeclared": "This person has not yet declared whom they are close to.",
    "deputy_without_key": "This person has no key of their own yet: only that can open the case.",
    "already_listed": "It stands on this list already.",
    "declaration_changed": "The text has changed since you opened the page. Read it again below.",
    "declaration_missing": "Sign the declaration first.",
    "declarations_missing": "Somebody in the room has not signed the declaration as it stands now."
    " A case counts as heard once everybody has.",
    "minutes_closed": "The minutes of this case are closed: it is not open, or they were sent out."
    " What you wrote stands below; add a correction to the minutes instead.",
    "too_many": "There are too many paragraphs. Join some.",
    "not_over": "The meeting is not over. End it first.",
    "nothing_to_send": "Nothing waits to be sent out.",
    "another_person": "Somebody else has signed in here since. What stands below was not sent:"
    " it would stand under their name.",
    "not_begun": "The meeting has not begun.",
    "meeting_over": "The meeting is over.",
    "case_open": "A case is still open. Close it first.",
    "case_not_open": "The case is not open in this meeting.",
    "deferred_before": "It was put off once already. It is heard now.",
    "list_locked": "The list stands: only the chair adds to it. Open it again to change its order.",
}


def conflict(code: str) -> str:
    """Why something could not be done, and what to do."""
    return CONFLICTS.get(code, "It was settled before. What you wrote stands below.")


SETTLED: Mapping[str, str] = {
    "match": "It is noted whether these are the same.",
    "conflict": "It is settled who reads, and who does not. It counts from now on.",
    "glass": "The look is reviewed. Who looked may look again where it is needed.",
    "release": "It is decided whether that team may know where she is.",
    "redaction": "The draft is settled.",
    "counter": "What the review found is kept in both cases, its account in this one alone.",
    "approval": "The question is answered; who asked is told.",
}
PROVE = (
    "This opens something to somebody, so it takes a proof of who you are that is at most five"
    " minutes old. Nothing was done, and what you wrote stands below: prove who you are on your"
    " account's page, then do it again."
)
CONFLICT_ACTS: Mapping[str, str] = {
    "DEPUTY": "Let this person read for the agency",
    "END_DEPUTY": "This person no longer reads for it",
    "CONFIRM": "This person is new there, and may read",
    "EXCLUDE": "Keep this person out",
    "LIFT": "It was somebody else: lift what was found",
}
FINDINGS: Mapping[str, str] = {
    "JUSTIFIED": "Yes, it was needed",
    "NOT_JUSTIFIED": "No; their agency and the data protection officer follow it up",
}
VICTIMS: Mapping[str, str] = {
    "PRIMARY_VICTIM_A": "The victim of this case",
    "PRIMARY_VICTIM_B": "The victim of the other case",
    "BIDIRECTIONAL_UNCLEAR": "Both harm each other; it is not clear",
    "INSUFFICIENT": "Too little is known",
}
_LACKS: Mapping[tuple[str, str], str] = {
    ("conflict", "worker"): "Write the number of the person.",
    ("conflict", "agency"): "Choose the agency.",
    ("conflict", "act"): "Choose what is to happen.",
    ("conflict", "reason"): "Write why.",
    ("glass", "finding"): "Choose whether it was justified.",
    ("glass", "note"): "Write what you looked at to say so.",
    ("counter", "outcome"): "Choose what the review found.",
    ("counter", "account"): "Write who did what to whom.",
    ("approval", "reason"): "Write why.",
    ("approval", "until"): "Give the last day, at most 28 days from now.",
    ("approval", "number"): "Your own agency asked: somebody else answers.",
    ("redaction", "number"): "There is no such draft of yours.",
}


def lacks(what: str, *fields: str) -> str:
    """What one act still needs: the first of its faults in words."""
    return next(
        (_LACKS[what, each] for each in fields if (what, each) in _LACKS),
        "Check what you chose and wrote.",
    )
