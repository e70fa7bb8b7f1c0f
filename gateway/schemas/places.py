"""Owns addresses, surgeries and schools as they appear in the forms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.schemas.blanks import OrReason
from gateway.schemas.codes import AddressClass
from gateway.schemas.fields import Bool, Code, Pattern, Text
from gateway.schemas.parts import Fault, Form, ListOf
from gateway.schemas.shapes import AgencyId, Date, Postcode, Uprn

# The perpetrator knows these anyway; every other address travels sealed or does not exist.
IN_THE_CLEAR = (AddressClass.KNOWN_TO_PERP, AddressClass.SANCTUARY)
PROTECTED = (
    AddressClass.REFUGE,
    AddressClass.UNKNOWN_TO_PERP,
    AddressClass.TEMP_ACCOM,
)


def not_before(earlier: str, later: str) -> Any:
    """Return a rule: the day in `later` is not before the day in `earlier`."""

    def rule(data: dict[str, Any]) -> Iterator[Fault]:
        if earlier in data and later in data and data[later] < data[earlier]:
            yield "out_of_range", (later,)

    return rule


def clear_only(data: dict[str, Any]) -> Iterator[Fault]:
    """An address that the perpetrator does not know belongs into the sealed section."""
    if data["classification"] in PROTECTED:
        yield "must_be_sealed", ("classification",)
    elif data["classification"] == AddressClass.NFA:
        yield "not_both", ("classification",)


class Address(Form):
    """Where somebody lives, as one would write it on an envelope."""

    lines = ListOf(Text(100), 1, 5)
    town = Text(100, required=False)
    postcode = OrReason(Postcode())
    uprn = Uprn(required=False)


class ClearAddress(Address):
    """An address with who knows it."""

    classification = Code(AddressClass)
    rules = (clear_only,)


class PreviousAddress(Address):
    """Where somebody lived before, for agencies that search by address."""

    classification = Code(AddressClass)
    from_on = Date(required=False)
    to_on = Date(required=False)
    rules = (clear_only, not_before("from_on", "to_on"))


class PerpetratorAddress(Address):
    """An address of the perpetrator."""

    is_current = Bool(required=False)
    from_on = Date(required=False)
    to_on = Date(required=False)
    rules = (not_before("from_on", "to_on"),)


def _named(data: dict[str, Any]) -> Iterator[Fault]:
    if not data:
        yield "needed_here", ("name",)


class Practice(Form):
    """A surgery or clinic: its ODS code, its name, or both."""

    ods_code = Pattern(r"[A-Z0-9]{3,10}", required=False, says="Organisation Data Service code")
    name = Text(200, required=False)
    rules = (_named,)


class School(Form):
    """A school or nursery."""

    name = Text(200)
    urn = Pattern(r"[0-9]{5,8}", required=False, says="Unique reference number")


class Landlord(Form):
    """Who lets the home: a registered agency, a name, or both."""

    agency_id = AgencyId(required=False)
    name = Text(200, required=False)
    rules = (_named,)
