"""Owns the victim's part of the referral form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.schemas.blanks import OrReason
from gateway.schemas.codes import AddressClass, DatePrecision, Position, YesNoUnknown
from gateway.schemas.fields import Bool, Code, Only, Text
from gateway.schemas.parts import Fault, Form, ListOf, Part
from gateway.schemas.people_codes import (
    DisabilityKind,
    Ethnicity,
    GenderIdentity,
    ImmigrationStatus,
    Religion,
    SelfHarm,
    Sex,
    SexualOrientation,
    SubstanceKind,
    TenancyType,
    Tenure,
)
from gateway.schemas.places import IN_THE_CLEAR, Address, Landlord, Practice, PreviousAddress
from gateway.schemas.shapes import Date, Language, NhsNumber, PersonRef


def precise(day: str, precision: str) -> Any:
    """Return a rule: a day that is given says how exact it is, a blank one says nothing."""

    def rule(data: dict[str, Any]) -> Iterator[Fault]:
        found = data.get(day)
        is_given = found is not None and not (isinstance(found, dict) and "absent" in found)
        if is_given and precision not in data:
            yield "needed_here", (precision,)
        if not is_given and precision in data:
            yield "not_both", (precision,)

    return rule


class PersonOrText(Form):
    """Somebody of this document by its short name, or in words."""

    ref = PersonRef(required=False)
    text = Text(500, required=False)

    @staticmethod
    def _one(data: dict[str, Any]) -> Iterator[Fault]:
        if not data:
            yield "needed_here", ("text",)
        elif len(data) == 2:
            yield "not_both", ("text",)

    rules = (_one,)


class Noted(Form):
    """Yes or no, and what there is to say."""

    answer = Bool()
    notes = Text(2000, lines=True, required=False)


class Disability(Noted):
    """Disability in the sense of the Equality Act 2010."""

    kinds = ListOf(Code(DisabilityKind), 0, 7, unique=True, required=False)


class Pregnancy(Form):
    """Whether pregnant, and when the child is due."""

    answer = Bool()
    due_on = Date(required=False)

    @staticmethod
    def _due(data: dict[str, Any]) -> Iterator[Fault]:
        if "due_on" in data and not data["answer"]:
            yield "not_both", ("due_on",)

    rules = (_due,)


class SubstanceUse(Noted):
    """Use of alcohol, drugs or medicines."""

    kinds = ListOf(Code(SubstanceKind), 0, 3, unique=True, required=False)


class SelfHarmNote(Form):
    """Self-harm and suicidal thoughts."""

    code = Code(SelfHarm)
    notes = Text(2000, lines=True, required=False)


class Awareness(Form):
    """Whether the victim knows of the referral, and if not, why."""

    answer = Bool()
    reason = Text(1000, lines=True, required=False)

    @staticmethod
    def _why(data: dict[str, Any]) -> Iterator[Fault]:
        if not data["answer"] and "reason" not in data:
            yield "needed_here", ("reason",)

    rules = (_why,)


def _address_by_class(data: dict[str, Any]) -> Iterator[Fault]:
    """The perpetrator's knowledge decides whether an address may stand in the clear."""
    classification = data["address_classification"]
    if classification in IN_THE_CLEAR:
        if "address" not in data:
            yield "missing", ("address",)
        return
    code = "not_both" if classification == AddressClass.NFA else "must_be_sealed"
    for name in ("address", "landlord"):
        if "value" in data.get(name, {}):
            yield code, (name, "value")


def _interpreter(data: dict[str, Any]) -> Iterator[Fault]:
    if data["interpreter_required"].get("value") and "interpreter_exclusions" not in data:
        yield "needed_here", ("interpreter_exclusions",)


class Victim(Form):
    """The person at risk."""

    given_names = Text(100)
    family_name = Text(100)
    aliases = ListOf(Text(100), says="Empty says that there are none known")
    former_names = ListOf(Text(100))
    spelling_variants = ListOf(Text(100), says="Agencies research on names")
    dob = OrReason(Date())
    dob_precision = Code(DatePrecision, required=False, says="Needed with a date of birth")
    extra_dobs = ListOf(Date(), 0, 10, required=False)
    nhs_number = NhsNumber(required=False, says="From NHS organisations only; CHI or H&C too")
    address_classification = Code(AddressClass)
    address = OrReason(
        Part(Address), required=False, says="Only where the perpetrator knows it; else sealed"
    )
    previous_addresses = ListOf(Part(PreviousAddress), 0, 20, required=False)
    tenure = OrReason(Code(Tenure))
    tenancy_type = OrReason(Code(TenancyType))
    landlord = OrReason(Part(Landlord))
    contact = OrReason(Only("SEALED"), says="The safe_contact section travels sealed")
    language = OrReason(Language())
    interpreter_required = OrReason(Bool())
    interpreter_notes = OrReason(Text(500, lines=True))
    interpreter_exclusions = ListOf(
        Text(200), 0, 20, required=False, says="Who must not interpret, such as relatives"
    )
    comm_needs = OrReason(Text(500, lines=True))
    sex = OrReason(Code(Sex))
    gender_identity = OrReason(Code(GenderIdentity))
    pronouns = OrReason(Text(40))
    ethnicity = OrReason(Code(Ethnicity))
    religion = Code(Religion, required=False)
    sexual_orientation = Code(SexualOrientation, required=False)
    disability = OrReason(Part(Disability))
    pregnant = OrReason(Part(Pregnancy))
    baby_under_18m = OrReason(Bool())
    immigration_status = Code(ImmigrationStatus, required=False)
    nrpf = Code(YesNoUnknown, required=False, says="No recourse to public funds")
    gp_practice = Part(Practice, required=False)
    health_visitor = Part(Practice, required=False)
    midwife = Part(Practice, required=False)
    occupation = Text(200, required=False)
    employer = Text(200, required=False)
    care_support_needs = OrReason(Part(Noted), says="Care Act 2014 section 42")
    mental_health = OrReason(Part(Noted))
    substance_use = OrReason(Part(SubstanceUse))
    self_harm_suicide = OrReason(Part(SelfHarmNote))
    armed_forces_link = Bool(required=False)
    student = Bool(required=False)
    care_leaver = Bool(required=False)
    offending = Text(2000, lines=True, required=False, says="The victim's own")
    finances = Text(2000, lines=True, required=False, says="Including economic abuse")
    aware_of_referral = Part(Awareness)
    position = Code(Position, says="UNRECORDED is taken in, then held for its record")
    wishes = OrReason(Text(2000, lines=True), says="What would make them feel safer")
    greatest_fear = OrReason(Text(2000, lines=True))
    afraid_of = OrReason(ListOf(Part(PersonOrText), 1, 20))
    safe_to_talk_to = OrReason(ListOf(Part(PersonOrText), 1, 20))
    not_safe_to_talk_to = OrReason(ListOf(Part(PersonOrText), 1, 20))

    rules = (precise("dob", "dob_precision"), _address_by_class, _interpreter)
