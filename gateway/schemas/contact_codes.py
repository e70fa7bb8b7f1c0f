"""Owns the codes of attempts to reach her: by which way, and what came of it."""

from __future__ import annotations

from enum import StrEnum


class ContactWay(StrEnum):
    """How a person tried to reach her; the first five as a safe contact names them."""

    CALL = "CALL"
    VOICEMAIL = "VOICEMAIL"
    TEXT = "TEXT"
    EMAIL = "EMAIL"
    LETTER = "LETTER"
    IN_PERSON = "IN_PERSON"
    THROUGH_SOMEBODY = "THROUGH_SOMEBODY"  # whom she trusts, or a professional who sees her


class ContactOutcome(StrEnum):
    """What came of it."""

    REACHED = "REACHED"
    NO_ANSWER = "NO_ANSWER"
    COULD_NOT_TALK = "COULD_NOT_TALK"  # she answered, and it was not safe to speak
    SOMEBODY_ELSE = "SOMEBODY_ELSE"  # answered; nothing was said of why
    LEFT_WORD = "LEFT_WORD"
    NOT_IN_USE = "NOT_IN_USE"
