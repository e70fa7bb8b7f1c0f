"""Owns what a referral lacks before it can be heard: by the coded reasons of a return.

It only points: a return is a person's act, and a person may return for a reason that is not here.
What cannot be read is not called missing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.schemas.codes import ReturnReason

Part = Mapping[str, Any]
SHORT = 25  # words: fewer cannot say what happened, what has changed and why now

NAME = "victim-name"
BIRTH = "victim-birth"
WHO_HARMS = "perpetrator-name"
RATIONALE = "rationale-short"
NOT_ASSESSED = "no-assessment"
THIN = "assessment-thin"
UNPROVEN = "criteria-unproven"
NO_CONTACT = "no-safe-contact"
CHILD_BIRTH = "child-birth"
CHILD_CARE = "child-social-care"
RECORD = "override-record"
TOO_YOUNG = "under-16"
CODES = (
    *(NAME, BIRTH, WHO_HARMS, RATIONALE, NOT_ASSESSED, THIN, UNPROVEN),
    *(NO_CONTACT, CHILD_BIRTH, CHILD_CARE, RECORD, TOO_YOUNG),
)


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that is missing, and the reason for which a referral is returned without it."""

    reason: ReturnReason
    what: str  # one of CODES


@dataclass(frozen=True, slots=True)
class Known:
    """What was found out of a referral besides its text."""

    criteria: Collection[str]  # met
    assessments: Sequence[Mapping[str, Any]]  # as graded
    has_safe_contact: bool
    lacks_record: bool  # of what she said, or of sharing against it
    is_under_16: bool


def gaps(parts: Mapping[str, Part], known: Known) -> tuple[Gap, ...]:
    """Return what is missing, in the order in which a form asks for it.

    `parts` are the sections that the reader sees in full, by name.
    """
    found = [
        *_of_people(parts),
        *_of_story(parts),
        *_of_risk(parts, known),
        *_of_children(parts),
    ]
    if not known.has_safe_contact:
        found.append(Gap(ReturnReason.NO_SAFE_CONTACT, NO_CONTACT))
    if known.lacks_record:
        found.append(Gap(ReturnReason.CONSENT_RECORD_INCOMPLETE, RECORD))
    if known.is_under_16:
        found.append(Gap(ReturnReason.UNDER_AGE, TOO_YOUNG))
    return tuple(found)


def blanks(parts: Mapping[str, Part]) -> tuple[tuple[str, str, str], ...]:
    """Return each field that was left blank with a reason: section, field, reason."""
    return tuple(
        (section, name, reason)
        for section, content in parts.items()
        for name, reason in dict.fromkeys(_absent(content, ""))
    )


def _of_people(parts: Mapping[str, Part]) -> Iterator[Gap]:
    if "victim_identity" in parts:
        victim = parts["victim_identity"].get("victim", {})
        if not (victim.get("given_names") and victim.get("family_name")):
            yield Gap(ReturnReason.MISSING_DOB_OR_NAME, NAME)
        if "value" not in victim.get("dob", {}):
            yield Gap(ReturnReason.MISSING_DOB_OR_NAME, BIRTH)
    if "perpetrators" in parts:
        listed = parts["perpetrators"].get("perpetrators", ())
        if not any(each.get("family_name") or each.get("given_names") for each in listed):
            yield Gap(ReturnReason.MISSING_PERP, WHO_HARMS)


def _of_story(parts: Mapping[str, Part]) -> Iterator[Gap]:
    if "incidents" in parts:
        text = str(parts["incidents"].get("referral", {}).get("rationale", ""))
        if len(text.split()) < SHORT:
            yield Gap(ReturnReason.NO_RATIONALE, RATIONALE)


def _of_risk(parts: Mapping[str, Part], known: Known) -> Iterator[Gap]:
    if not known.assessments:
        yield Gap(ReturnReason.NO_RISK_ASSESSMENT, NOT_ASSESSED)
    elif all(each.get("is_unreliable") for each in known.assessments):
        yield Gap(ReturnReason.NO_RISK_ASSESSMENT, THIN)
    claimed = parts.get("referral", {}).get("referral", {}).get("criteria", ())
    if not known.criteria or not set(claimed) <= set(known.criteria):
        yield Gap(ReturnReason.CRITERIA_NOT_EVIDENCED, UNPROVEN)


def _of_children(parts: Mapping[str, Part]) -> Iterator[Gap]:
    listed = parts.get("children", {}).get("children", ())
    children = [each for each in listed if isinstance(each, Mapping)]
    born = [each for each in children if not each.get("unborn")]
    if any("value" not in each.get("dob", {}) for each in born):
        yield Gap(ReturnReason.CHILD_DETAILS_MISSING, CHILD_BIRTH)
    if any(each.get("csc_status", "UNKNOWN") == "UNKNOWN" for each in children):
        yield Gap(ReturnReason.CHILD_DETAILS_MISSING, CHILD_CARE)


def _absent(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        if "absent" in value:
            yield name, str(value["absent"])
            return
        for key, each in value.items():
            yield from _absent(each, name if key == "value" else key)
    elif isinstance(value, list):
        for each in value:
            yield from _absent(each, name)
