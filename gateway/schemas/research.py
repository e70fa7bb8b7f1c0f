"""Owns the form in which an agency returns what it found in its own records (research/1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.schemas.codes import DatePrecision, YesNoUnknown
from gateway.schemas.fields import Bool, Code, Int, Text
from gateway.schemas.parts import Fault, Form, ListOf, Part
from gateway.schemas.people import precise
from gateway.schemas.places import ClearAddress
from gateway.schemas.research_codes import (
    Confidence,
    Extract,
    Finding,
    Involvement,
    Known,
    Nature,
    NotShared,
    Person,
    Reliability,
    Theme,
)
from gateway.schemas.shapes import Date, ItemId, PersonRef

LONGEST = 1000  # characters of a paragraph
MOST = 60  # paragraphs of one return: more is a file, and not what bears on the risk
_NOTHING = frozenset({Known.NOT_KNOWN, Known.KNOWN_NO_RELEVANT})


class Corrections(Form):
    """What the agency's own records say differently of a person."""

    given_names = Text(100, required=False)
    family_name = Text(100, required=False)
    aliases = ListOf(Text(100), 0, 10, required=False)
    dob = Date(required=False)
    dob_precision = Code(DatePrecision, required=False, says="Needed with a date of birth")
    address = Part(
        ClearAddress, required=False, says="One that the perpetrator does not know goes sealed"
    )

    rules = (precise("dob", "dob_precision"),)


class Contact(Form):
    """How the agency works, or worked, with a person."""

    status = Code(Involvement)
    worker = Text(100, required=False)
    role = Text(100, required=False)
    since_on = Date(required=False)
    last_contact_on = Date(required=False)
    next_appointment_on = Date(required=False)


class PersonFound(Form):
    """What one agency knows of one person of the case."""

    person = Code(Person)
    ref = PersonRef(required=False, says="As the request names a perpetrator or a child")
    known = Code(Known)
    details_correct = Code(YesNoUnknown, required=False)
    corrections = Part(Corrections, required=False)
    involvement = Part(Contact, required=False)

    @staticmethod
    def _if_known(data: dict[str, Any]) -> Iterator[Fault]:
        if data["known"] is Known.NOT_KNOWN:
            for name in ("corrections", "involvement"):
                if name in data:
                    yield "not_both", (name,)
        if data["person"] is not Person.VICTIM and "ref" not in data:
            yield "needed_here", ("ref",)

    rules = (_if_known,)


class Paragraph(Form):
    """One thing that the agency found, and what the others are given of it."""

    about = Code(Finding)
    theme = Code(Theme, says="Its class of data: the need-to-know table says who reads it")
    text = Text(LONGEST, lines=True)
    nature = Code(Nature)
    confidence = Code(Confidence, required=False)
    reliability = Code(Reliability, required=False)
    on = Date(required=False, says="When it was")
    item = ItemId(required=False, says="Of a risk instrument, such as DASH01")
    ref = PersonRef(required=False, says="A perpetrator or child, as the request names them")
    extract = Code(Extract)
    words = Text(LONGEST, lines=True, required=False, says="What the others read instead")
    reason = Code(NotShared, required=False, says="Needed to keep it")

    @staticmethod
    def _extracted(data: dict[str, Any]) -> Iterator[Fault]:
        for name, only in (("words", Extract.WORDS), ("reason", Extract.KEPT)):
            if (name in data) is not (data["extract"] is only):
                yield ("not_both" if name in data else "needed_here"), (name,)

    rules = (_extracted,)


class Proposal(Form):
    """Something that the agency would do itself."""

    text = Text(500, lines=True)
    by_on = Date(required=False)


class Withheld(Form):
    """Something that stays with the agency; the others learn how much, and why."""

    item = Text(300, lines=True, required=False, says="For the agency alone")
    reason = Code(NotShared)


def _consistent(data: dict[str, Any]) -> Iterator[Fault]:
    people = data["people"]
    if not any(each["person"] is Person.VICTIM for each in people):
        yield "needed_here", ("people",)
    told = [(each["person"], each.get("ref")) for each in people]
    yield from (
        ("duplicate", ("people", n, "person")) for n, each in enumerate(told) if each in told[:n]
    )
    codes = {each["known"] for each in people}
    kept = [p for p in data.get("entries", ()) if p["extract"] is Extract.KEPT]
    if codes <= _NOTHING and data.get("entries"):
        yield "not_both", ("entries",)
    if Known.KNOWN_WITHHELD in codes and not (kept or data.get("not_shared")):
        yield "needed_here", ("not_shared",)
    if Known.KNOWN_RELEVANT in codes and not data.get("entries"):
        yield "needed_here", ("entries",)


class Research(Form):
    """research/1: what an agency found about the people of a listed case. A nil return is one."""

    people = ListOf(Part(PersonFound), 1, 40)
    entries = ListOf(Part(Paragraph), 0, MOST, required=False)
    staff_safety_warning = Text(LONGEST, lines=True, required=False, says="For every attendee")
    proposed_actions = ListOf(Part(Proposal), 0, 20, required=False)
    not_shared = ListOf(Part(Withheld), 0, 40, required=False)
    attending = Text(120, required=False, says="Who comes for the agency")
    apologies = Bool(required=False)
    info_if_absent = Text(LONGEST, lines=True, required=False, says="For whoever chairs")
    replaces = Int(1, 9999, required=False, says="The version that this one corrects")

    rules = (_consistent,)
