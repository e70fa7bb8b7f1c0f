"""Owns the words of the questions: what each field of the form is called to a person who types."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.desk import words

_LABELS: Mapping[str, str] = {
    "case_ref": "Their own number for it",
    "line_manager_or_lead": "Line manager or safeguarding lead",
    "criteria": "Why it comes to the conference",
    "rationale": "What happened, and why now",
    "multi_agency_reason": "Why several agencies are needed",
    "police_informed": "Do the police know?",
    "crime_refs": "Crime numbers, one on each line",
    "oic_name": "Officer in the case",
    "oic_contact": "How to reach the officer",
    "victim_wants_police": "Does she want the police?",
    "previous_marac": "Was she heard before?",
    "heard": "Heard before",
    "current_idva_support": "Does an IDVA support her now?",
    "supported": "Supported now",
    "danger": "Danger now",
    "area": "Area, where no postcode is given",
    "needs": "What she needs of a service",
    "given_names": "First names",
    "aliases": "Other names in use, one on each line",
    "former_names": "Former names, one on each line",
    "spelling_variants": "Other spellings, one on each line",
    "dob": "Date of birth",
    "dob_precision": "How exact the date of birth is",
    "extra_dobs": "Other dates of birth in use, one on each line",
    "nhs_number": "NHS number",
    "address_classification": "Who knows where she lives",
    "lines": "Address, one line each",
    "uprn": "Property number (UPRN)",
    "tenancy_type": "Kind of tenancy",
    "interpreter_required": "Is an interpreter needed?",
    "interpreter_exclusions": "Who must not interpret, one on each line",
    "comm_needs": "What helps her to be understood",
    "language": "Language (en for English, pl for Polish …)",
    "baby_under_18m": "Baby under 18 months",
    "nrpf": "No recourse to public funds",
    "care_support_needs": "Needs for care and support",
    "self_harm_suicide": "Self-harm or suicidal thoughts",
    "aware_of_referral": "Does she know of this referral?",
    "position": "What she says to sharing",
    "wishes": "What would make her feel safer",
    "greatest_fear": "What she fears most",
    "afraid_of": "Whom she is afraid of",
    "safe_to_talk_to": "Who is safe to talk to",
    "not_safe_to_talk_to": "Who is not safe to talk to",
    "ref": "Who",
    "against": "Against",
    "text": "In words",
    "vehicles": "Registration marks, one on each line",
    "phones": "Telephones, one on each line",
    "living_together": "Do they live together?",
    "mappa": "MAPPA",
    "csc_status": "Known to children's social care",
    "children_concern": "Concern for the children",
    "occurred_on": "When",
    "precision": "How exact the date is",
    "kinds": "What kind",
    "what": "What happened",
    "reported_to": "Told to, one on each line",
    "consent_record": "How that was learned",
    "by_whom": "Who learned it",
    "recorded_at": "When",
    "how": "How she was asked",
    "scope": "What it covers",
    "conditions": "Limits that she sets",
    "override_record": "Sharing without her agreement",
    "conflict_check": "Does anybody in it work for, or belong to, a partner agency?",
    "must_not_receive": "Who must not see it",
    "unborn": "Not born yet",
    "due_on": "Due on",
    "actions_taken": "What was done already",
    "assessed_on": "Day of the assessment",
    "level_professional": "The level in the professional's own judgement",
    "professional": "The professional's page",
    "P1": "Anything else that matters",
    "P2": "Work or interests that give access to weapons or influence",
    "P3": "What she herself wants first",
    "P4": "Grounds to refer",
    "P5": "Risk to children",
    "P6": "Who assessed",
    "channels": "Ways to reach her",
    "value": "Number, address or place",
    "perpetrator_has_access": "Has he access to it?",
    "device_monitored_suspected": "May the device be watched?",
    "safe_windows": "When it is safe",
    "days": "Days",
    "say_you_are": "Say that you are",
    "contact_only_by": "Contact only by",
    "withheld_number_ok": "Is a withheld number all right?",
    "review_by": "Ask again by",
    "lives_with": "Lives with",
    "legal_bases": "Legal bases",
    "necessary": "Why it is necessary",
    "proportionate": "Which gentler way was considered",
}
_ONE: Mapping[str, str] = {
    "perpetrators": "Person who causes harm",
    "children": "Child",
    "incidents": "Incident",
    "channels": "Way to reach her",
    "conditions": "Limit",
    "orders": "Order",
    "actions_taken": "Action",
    "afraid_of": "Person",
    "safe_to_talk_to": "Person",
    "not_safe_to_talk_to": "Person",
    "must_not_receive": "Person or agency",
    "people": "Person",
    "addresses": "Address",
    "previous_addresses": "Former address",
    "hearings": "Earlier conference",
    "witnesses": "Witness",
    "others": "Person",
    "vulnerable_adults": "Adult",
    "animals": "Animal",
    "safe_windows": "Time",
    "consulted": "Person asked",
    "legal_bases": "Body",
    "breaks_conditions": "Limit that is broken",
}
_HINTS: Mapping[str, str] = {
    "rationale": "What happened now, what went before, what has changed, what was done already.",
    "postcode": "For example XX1 2AB.",
    "address_classification": "Where he does not know it, leave the address out here: it is typed"
    " on the last page and sealed.",
    "phone": "Work details only.",
}
_KINDS: Mapping[str, str] = {
    "day": "Day, month, year: 14 3 1992.",
    "moment": "Day and time: 14 3 2026 09:30.",
}
_CHOICES: Mapping[str, str] = {
    "DONT_KNOW": "Not known",
    "KNOWN_TO_PERP": "He knows it",
    "UNKNOWN_TO_PERP": "He does not know it",
    "NFA": "No fixed address",
    "TEMP_ACCOM": "Temporary, and he does not know it",
    "IMMINENT_LIFE": "Her life is in danger now",
    "NOT_SOUGHT_UNSAFE": "Not asked: it was not safe",
    "UNRECORDED": "It was not recorded",
}
_BARE = frozenset({"answer", "code", "name", "notes", "agency_id", "how", "heard", "supported"})
FAULTS: Mapping[str, str] = {
    "missing": "Answer this.",
    "value_or_absent": "Answer this, or say why it is blank.",
    "not_both": "This does not go together with what else is said here. Leave one of them out.",
    "needed_here": "With what else is said, this is needed.",
    "too_long": "This is too long.",
    "too_short": "Something is needed here.",
    "unknown_code": "Choose one of these.",
    "wrong_type": "This cannot be read. Check how it is written.",
    "bad_date": "Write it as day, month and year, for example 14 3 1992.",
    "bad_time": "Write day and time, for example 14 3 2026 09:30.",
    "bad_format": "Check how this is written.",
    "bad_check_digit": "One of the digits is wrong.",
    "bad_text": "This holds signs that cannot be kept.",
    "out_of_range": "This is not possible, alone or beside what else is said.",
    "duplicate": "This is here twice.",
    "must_be_sealed": "He must not know this. Leave it out here; type it on the last page.",
    "no_recipient": "There is nobody who may be told. Ring whoever runs the gateway.",
    "same_person": "A second person has to sign.",
    "unknown_reference": "Nobody here has that name.",
    "issued_in_future": "This lies ahead of now.",
    "expired": "This lies too far back.",
    "active_content": "This is a formula. Put in the value itself.",
}


FILE_FAULTS: Mapping[str, str] = {
    "too_long": "The file is larger than 3 MB. Scan it again with fewer dots, or in parts.",
    "unknown_code": "The file is not one of these kinds, or is not what its name says.",
    "unreadable": "The file cannot be read, or is locked with a password.",
    "active_content": "The file runs something, fetches something, holds other files, or becomes"
    " too much to read. Print it to PDF and attach that.",
}


SHEET_FAULTS: Mapping[str, str] = {
    "too_long": "The file is larger than 3 MB, or has more than 5,000 rows.",
    "unknown_code": "It is neither CSV nor Excel (.xlsx).",
    "unreadable": "The file cannot be read. Save it as CSV (UTF-8) and try again.",
    "active_content": "The file has macros, links to other files, or becomes too much to read.",
}


def of(name: str) -> str:
    """What a field is called."""
    return _LABELS.get(name) or words.plain(name)


def of_field(pointer: str) -> str:
    """What the field behind a pointer is called, with the number of its entry."""
    steps = [step for step in pointer.split("/") if step not in ("", "value", "absent")]
    names = [step for step in steps if not step.isdigit()]
    number = next((f" {int(step) + 1}" for step in steps if step.isdigit()), "")
    needs_more = len(names) > 1 and (number or names[-1] in _BARE)
    parent = f"{one_of(names[-2])}{number}: " if needs_more else ""
    return f"{parent}{of(names[-1])}" if names else ""


def one_of(name: str) -> str:
    """What one entry of a list is called."""
    return _ONE.get(name) or of(name)


def none_of(name: str) -> str:
    """How it is said that a list has no entries."""
    return f"There are no {name.replace('_', ' ')}"


def hint_of(name: str, kind: str) -> str:
    """What helps to answer; "" if nothing has to be said."""
    return _HINTS.get(name) or _KINDS.get(kind, "")


def choice(code: str) -> str:
    """One possible answer in words."""
    return _CHOICES.get(code) or words.plain(code)
