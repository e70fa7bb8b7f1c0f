"""Owns the problem document (RFC 9457) and the published list of field codes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gateway.schemas.fields import Int, Pattern, Text
from gateway.schemas.parts import Form, ListOf, Part

# Code -> plain English. A text never holds a value that was sent.
PROBLEM_TEXTS: Mapping[str, str] = MappingProxyType(
    {
        "missing": "This is needed and is not there.",
        "value_or_absent": "Give either a value, or in absent the reason why there is none.",
        "unknown_field": "The form has no such member.",
        "wrong_type": "This is of the wrong type; nothing is converted.",
        "unknown_code": "This is not one of the published codes.",
        "too_long": "This is longer than the form allows.",
        "too_short": "This is blank, or has fewer entries than are needed.",
        "out_of_range": "This is outside what is possible, alone or beside its neighbours.",
        "bad_date": "A date is written YYYY-MM-DD and is a day of the calendar.",
        "bad_time": "A time is written as in RFC 3339, with its offset.",
        "bad_format": "This does not have the published shape.",
        "bad_check_digit": "The check digit does not agree with the other digits.",
        "bad_text": "The text holds a character that is not allowed.",
        "duplicate": "This is given twice.",
        "needed_here": "With what else is said, this is needed.",
        "not_both": "With what else is said, this must be left out.",
        "must_be_sealed": "The perpetrator must not know this: it travels in a sealed section,"
        " where its readers alone see it, never in the document.",
        "not_a_condition": "The victim set no such condition, so nothing breaks it.",
        "no_basis": "A body of this kind could not rely on this basis on that day.",
        "same_person": "The second signature must be another person's.",
        "not_case_by_case": "The table does not give this to your agency case by case.",
        "unknown_reference": "Nobody in this document has that short name.",
        "unknown_form": "There is no such form, or not in this version.",
        "bad_utf8": "The text is not UTF-8 without a byte order mark.",
        "bad_json": "The text is not JSON.",
        "bad_number": "A number is not finite, or is a whole number beyond 2^53.",
        "duplicate_member": "An object has the same member twice.",
        "too_deep": "The text is nested too deeply.",
        "expired": "This has passed.",
        "issued_in_future": "This lies ahead of the gateway's clock.",
        "lives_too_long": "This is valid for longer than is allowed.",
        "other_text": "This is another text than the one that was asked for.",
        "not_sealed": "This is not sealed as it must be.",
        "no_recipient": "Nobody is left to seal this to.",
        "active_content": "The file acts by itself, holds other files, or grows too large.",
        "unreadable": "The file cannot be read.",
        "purpose_not_allowed": "An agency of your kind does not read for this purpose.",
        "replayed": "This was used before.",
        "wrong_audience": "This is not the address of the gateway.",
        "wrong_form": "This is another form than the operation takes.",
    }
)


class FieldProblem(Form):
    """One fault: its code, where, and the code in words."""

    code = Pattern(r"[a-z][a-z0-9_]{0,63}")
    pointer = Pattern(
        r"(?:/(?:[^/~]|~[01])*)*",  # empty is the document itself
        required=False,
        says="RFC 6901, from the root of the document",
    )
    detail = Text(500)


class ProblemDocument(Form):
    """application/problem+json: what went wrong, never with what was sent."""

    type = Text(255)
    title = Text(200)
    status = Int(400, 599)
    code = Pattern(r"[a-z][a-z0-9_]{0,63}")
    detail = Text(500, required=False)
    instance = Text(255, required=False)
    errors = ListOf(Part(FieldProblem), 0, 500, required=False)
