"""Owns the codes of research: what an agency found, how it knows, and what it keeps to itself."""

from __future__ import annotations

from enum import StrEnum


class Known(StrEnum):
    """Whether an agency knows a person of a case."""

    NOT_KNOWN = "NOT_KNOWN"
    KNOWN_NO_RELEVANT = "KNOWN_NO_RELEVANT"  # known, nothing that bears on the risk
    KNOWN_RELEVANT = "KNOWN_RELEVANT"
    KNOWN_WITHHELD = "KNOWN_WITHHELD"  # known, and nothing of it is shared


class Person(StrEnum):
    """What somebody is in the case."""

    VICTIM = "VICTIM"
    PERPETRATOR = "PERPETRATOR"
    CHILD = "CHILD"


class Nature(StrEnum):
    """What kind of knowledge a paragraph is."""

    FACT = "FACT"
    OPINION = "OPINION"
    THIRD_PARTY = "THIRD_PARTY"


class Confidence(StrEnum):
    """How sure the agency is of it."""

    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


class Reliability(StrEnum):
    """How far its source could be checked."""

    VERIFIED = "VERIFIED"
    RELIABLE = "RELIABLE"
    UNTESTED = "UNTESTED"


class Finding(StrEnum):
    """What a paragraph of a return is about."""

    RELEVANT_TO_RISK = "RELEVANT_TO_RISK"
    LAST_SEEN = "LAST_SEEN"
    RECENT_ATTITUDE = "RECENT_ATTITUDE"
    PROTECTIVE_FACTOR = "PROTECTIVE_FACTOR"
    ACTION_TAKEN = "ACTION_TAKEN"
    VICTIM_PRIORITY = "VICTIM_PRIORITY"
    AFRAID_OF = "AFRAID_OF"
    SAFE_TO_TALK_TO = "SAFE_TO_TALK_TO"
    NOT_SAFE_TO_TALK_TO = "NOT_SAFE_TO_TALK_TO"


class Theme(StrEnum):
    """The class of data that a paragraph is of; the need-to-know table says who reads which."""

    INCIDENTS = "INCIDENTS"
    CHILDREN = "CHILDREN"
    PERPETRATOR = "PERPETRATOR"
    HEALTH = "HEALTH"
    MENTAL_HEALTH = "MENTAL_HEALTH"
    SUBSTANCE_USE = "SUBSTANCE_USE"
    SEXUAL_VIOLENCE = "SEXUAL_VIOLENCE"
    VICTIM_OFFENDING = "VICTIM_OFFENDING"
    ORDERS = "ORDERS"
    HOUSING = "HOUSING"
    FINANCES = "FINANCES"
    EMPLOYMENT = "EMPLOYMENT"


class Extract(StrEnum):
    """What attendees are given of a paragraph."""

    WHOLE = "WHOLE"  # as it is written
    WORDS = "WORDS"  # other words, that the agency wrote for them
    KEPT = "KEPT"  # nothing but that something was kept back, and why


class NotShared(StrEnum):
    """Why something stays with its agency."""

    NOT_RELEVANT = "NOT_RELEVANT"
    DISPROPORTIONATE = "DISPROPORTIONATE"
    LEGAL_PRIVILEGE = "LEGAL_PRIVILEGE"
    THIRD_PARTY = "THIRD_PARTY"
    SENSITIVE_INTEL = "SENSITIVE_INTEL"
    CONSENT_REQUIRED = "CONSENT_REQUIRED"


class Involvement(StrEnum):
    """Whether an agency works with a person."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
