"""Owns the codes of a meeting: who attends as what, why a case waits, what a paragraph is."""

from __future__ import annotations

from enum import StrEnum


class Attending(StrEnum):
    """As what somebody is at a conference."""

    REPRESENTATIVE = "REPRESENTATIVE"
    DEPUTY = "DEPUTY"
    OBSERVER = "OBSERVER"  # once the chair let it in; its agency is not present by it
    APOLOGIES = "APOLOGIES"  # of a whole agency


class HearingAct(StrEnum):
    """What is done with a case in a meeting."""

    OPEN = "OPEN"
    ENTER = "ENTER"
    LEAVE = "LEAVE"
    HEARD = "HEARD"
    DEFER = "DEFER"


class Deferral(StrEnum):
    """Why the chair puts a case off to the next conference; once only."""

    REFERRER_NOT_BRIEFED = "REFERRER_NOT_BRIEFED"
    INTERPRETER_MISSING = "INTERPRETER_MISSING"
    CONFLICT_IN_ROOM = "CONFLICT_IN_ROOM"
    TIME_RAN_OUT = "TIME_RAN_OUT"


class MinuteKind(StrEnum):
    """What one paragraph of the minutes holds."""

    SHARED = "SHARED"
    VICTIM_VIEWS = "VICTIM_VIEWS"
    RISK = "RISK"
    DECISION = "DECISION"
    NOT_SHARED = "NOT_SHARED"  # the decision not to share, or not to act, and why
    FLAG = "FLAG"
    LINK = "LINK"  # to another process: social care, MAPPA, a disclosure scheme
    NEXT_REVIEW = "NEXT_REVIEW"
    SENT = "SENT"  # by an agency that could not come
    CORRECTION = "CORRECTION"


class Said(StrEnum):
    """Whether what was said is known, thought, or heard from somebody."""

    FACT = "FACT"
    OPINION = "OPINION"
    THIRD_PARTY = "THIRD_PARTY"
