"""Owns loading: from plain JSON to checked values, and from faults to codes and pointers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any

from marshmallow import ValidationError
from marshmallow.exceptions import SCHEMA

from gateway.errors import Invalid, Problem
from gateway.schemas.approvals import ApprovalForm
from gateway.schemas.bodies import (
    AcknowledgementBody,
    ActionStepForm,
    ChallengeForm,
    ConferenceBody,
    CosignatureBody,
    DecisionForm,
    FlagRemovalBody,
    HearingBody,
    ListingBody,
    MatchBody,
    PrivateNoteForm,
    PrivateNoteText,
    RoutingPreview,
    SectionCopyForm,
    Withdrawal,
    WitnessBody,
)
from gateway.schemas.consent import PositionForm
from gateway.schemas.contact import ProtectedAddress, SafeContact
from gateway.schemas.envelope import Claims
from gateway.schemas.moves import MoveForm
from gateway.schemas.parts import Form
from gateway.schemas.positions import DatedPosition, OverrideForm
from gateway.schemas.problem import PROBLEM_TEXTS, ProblemDocument
from gateway.schemas.referral import Referral
from gateway.schemas.research import Research
from gateway.schemas.risk import Assessment
from gateway.schemas.walls import (
    ConflictForm,
    GlassForm,
    GlassReviewForm,
    Interests,
    PrimaryVictimForm,
    RedactionForm,
    ReleaseForm,
    WorkerKeyForm,
)

# Built once: a schema per call would cost more than the loading itself.
FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "referral/1": Referral(),
        "risk-assessment/1": Assessment(),
        "position/1": PositionForm(),
        "position/2": DatedPosition(),
        "override/1": OverrideForm(),
        "decision/1": DecisionForm(),
        "move/1": MoveForm(),
        "challenge/1": ChallengeForm(),
        "section-copy/1": SectionCopyForm(),
        "private-note/1": PrivateNoteForm(),
        "interests/1": Interests(),
        "worker-key/1": WorkerKeyForm(),
        "conflict/1": ConflictForm(),
        "break-glass/1": GlassForm(),
        "glass-review/1": GlassReviewForm(),
        "release/1": ReleaseForm(),
        "redaction/1": RedactionForm(),
        "primary-victim/1": PrimaryVictimForm(),
        "approval/1": ApprovalForm(),
        "research/1": Research(),
        "action-step/1": ActionStepForm(),
    }
)
BODIES: Mapping[str, Form] = MappingProxyType(
    {
        "withdrawal/1": Withdrawal(),
        "acknowledgement/1": AcknowledgementBody(),
        "conference/1": ConferenceBody(),
        "listing/1": ListingBody(),
        "hearing/1": HearingBody(),
        "match/1": MatchBody(),
        "flag-removal/1": FlagRemovalBody(),
        "routing-preview/1": RoutingPreview(),
        "witness/1": WitnessBody(),
        "cosignature/1": CosignatureBody(),
        "problem/1": ProblemDocument(),
    }
)
SEALED_FORMS: Mapping[str, Form] = MappingProxyType(
    {"safe_contact": SafeContact(), "protected_address": ProtectedAddress()}
)
NOTE_TEXT = PrivateNoteText()  # published for its own agency; nobody else meets it
CLAIMS = Claims()

MOST_PROBLEMS = 200  # more would help nobody and make a small request cost a large answer
_NAMEABLE = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)


def load(form: str, document: object) -> dict[str, Any]:
    """Return the document with codes, days and aware UTC times in place of their spelling.

    :raises Invalid: naming every fault by code and pointer, if it is not of the form.
    """
    if form not in FORMS:
        raise Invalid("There is no such form.", Problem("unknown_form", ""), code="unknown_form")
    return load_body(FORMS[form], document)


def load_body(schema: Form, body: object) -> dict[str, Any]:
    """Return a body checked against one of `BODIES`, as `load` does for a form.

    :raises Invalid: naming every fault by code and pointer.
    """
    try:
        return schema.take(body)
    except ValidationError as error:
        raise Invalid("This is not of the published form.", *_problems(error)) from None


def load_sealed(section: str, plaintext: object) -> dict[str, Any]:
    """Return the plaintext of a sealed section, checked; for clients and recipients only.

    :raises Invalid: naming every fault by code and pointer.
    """
    if section not in SEALED_FORMS:
        raise Invalid("There is no such section.", Problem("unknown_form", ""))
    return load_body(SEALED_FORMS[section], plaintext)


def load_claims(claims: object) -> dict[str, Any]:
    """Return the claims of a signed document, checked in shape; `document` is left as it is.

    :raises Invalid: naming every fault by code and pointer.
    """
    return load_body(CLAIMS, claims)


def value_of(field: Mapping[str, Any] | None) -> Any:
    """Return the value of a mandatory-or-reason field, or None where a reason stands instead."""
    return None if field is None else field.get("value")


def plain(value: Any) -> Any:
    """Return a loaded document as plain JSON values again; times in UTC with a Z."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, str) else value


def _problems(error: ValidationError) -> list[Problem]:
    found: dict[Problem, None] = {}
    for problem in _flat(error.messages, ""):
        found[problem] = None
        if len(found) == MOST_PROBLEMS:
            break
    return list(found)


def _flat(messages: Any, pointer: str) -> Iterator[Problem]:
    if not isinstance(messages, dict):
        for code in messages:
            yield Problem(code if code in PROBLEM_TEXTS else "bad_format", pointer)
        return
    for name, inner in messages.items():
        yield from _flat(inner, _step(pointer, name, inner))


def _step(pointer: str, name: Any, inner: Any) -> str:
    """Name a member; a strange one that could hold somebody's words is not repeated."""
    if name == SCHEMA:
        return pointer
    is_strange = inner == ["unknown_field"] and not _NAMEABLE.fullmatch(str(name))
    return pointer if is_strange else f"{pointer}/{name}"
