"""Owns the words of research at the desk: how its codes are said to people."""

from __future__ import annotations

from collections.abc import Mapping

KNOWN: Mapping[str, str] = {
    "NOT_KNOWN": "Not known to us",
    "KNOWN_NO_RELEVANT": "Known, and nothing bears on the risk",
    "KNOWN_RELEVANT": "Known, and something bears on the risk",
    "KNOWN_WITHHELD": "Known, and we share nothing of it",
}
PERSON: Mapping[str, str] = {
    "VICTIM": "Victim",
    "PERPETRATOR": "Who causes harm",
    "CHILD": "Child",
}
ABOUT: Mapping[str, str] = {
    "RELEVANT_TO_RISK": "Bears on the risk",
    "LAST_SEEN": "When and where last seen",
    "RECENT_ATTITUDE": "Recent behaviour, or a change in it",
    "PROTECTIVE_FACTOR": "Something that protects",
    "ACTION_TAKEN": "What you have done already",
    "VICTIM_PRIORITY": "What matters to her",
    "AFRAID_OF": "What she is afraid of",
    "SAFE_TO_TALK_TO": "Whom it is safe to talk to",
    "NOT_SAFE_TO_TALK_TO": "Whom it is not safe to talk to",
}
THEMES: Mapping[str, str] = {
    "INCIDENTS": "What happened",
    "CHILDREN": "Children",
    "PERPETRATOR": "Who causes harm",
    "HEALTH": "Her health and injuries",
    "MENTAL_HEALTH": "Mental health",
    "SUBSTANCE_USE": "Alcohol and drugs",
    "SEXUAL_VIOLENCE": "Sexual violence",
    "VICTIM_OFFENDING": "Offences of hers",
    "ORDERS": "Orders and courts",
    "HOUSING": "Home",
    "FINANCES": "Money",
    "EMPLOYMENT": "Work",
}
NATURES: Mapping[str, str] = {
    "FACT": "Fact",
    "OPINION": "Professional opinion",
    "THIRD_PARTY": "From somebody else",
}
CONFIDENCES: Mapping[str, str] = {"HIGH": "Sure", "MEDIUM": "Fairly sure", "LOW": "Not sure"}
EXTRACTS: Mapping[str, str] = {
    "WHOLE": "This paragraph as it stands",
    "WORDS": "Other words, which I write below",
    "KEPT": "Nothing: it stays with us",
}
REASONS: Mapping[str, str] = {
    "NOT_RELEVANT": "It does not bear on the risk",
    "DISPROPORTIONATE": "Sharing it would be out of proportion",
    "LEGAL_PRIVILEGE": "Legal privilege",
    "THIRD_PARTY": "It is about somebody else",
    "SENSITIVE_INTEL": "Sensitive intelligence",
    "CONSENT_REQUIRED": "It needs an agreement that we do not have",
}
CORRECT: Mapping[str, str] = {"YES": "Yes", "NO": "No", "UNKNOWN": "We cannot say"}
STATUSES: Mapping[str, str] = {"OPEN": "We work with them now", "CLOSED": "We did, and it ended"}
FIRST: Mapping[str, str] = {
    "staff_safety_warning": "Danger to who visits:",
    "attending": "Comes for you:",
    "apologies": "Apologies:",
    "info_if_absent": "To be said for you:",
}
CONFLICTS: Mapping[str, str] = {
    "changed_meanwhile": "Somebody of your agency returned this after you opened the page. Nothing"
    " of yours was sent; it stands below. Look at what was returned, then send yours if it is to"
    " take its place.",
    "idempotency_key_reused": "This form was sent before with other words. What it says now was not"
    " sent; send it again.",
    "in_progress": "The same form is being sent at this moment. Look again in a minute.",
}
