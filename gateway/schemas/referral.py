"""Owns the referral form, version 1: the whole document and what holds across its parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.schemas.blanks import NoneOr, OrReason
from gateway.schemas.children import Child, Household
from gateway.schemas.codes import AgencyKind, ChildConcern, Danger, YesNoUnknown
from gateway.schemas.consent import ConsentRecord, OverrideRecord, withdrawal_day
from gateway.schemas.fields import Code, Text
from gateway.schemas.incidents import ActionTaken, Incident, Order
from gateway.schemas.parts import Fault, Form, ListOf, Part
from gateway.schemas.people import Victim
from gateway.schemas.perpetrator import Perpetrator
from gateway.schemas.reason import Reason, Referrer
from gateway.schemas.references import known_people
from gateway.schemas.risk import Assessment
from gateway.schemas.sections import SUMMARISED
from gateway.schemas.shapes import AgencyId, PersonRef


class Interest(Form):
    """Somebody in the case who works for, or is close to somebody in, a partner agency."""

    ref = PersonRef(required=False)
    name = Text(200, required=False)
    agency_id = AgencyId(required=False)
    agency_name = Text(200, required=False)
    role = Text(200, required=False)
    relation = Text(200, required=False)

    @staticmethod
    def _where(data: dict[str, Any]) -> Iterator[Fault]:
        if not {"ref", "name"} & data.keys():
            yield "needed_here", ("name",)
        if not {"agency_id", "agency_name"} & data.keys():
            yield "needed_here", ("agency_name",)

    rules = (_where,)


class ConflictCheck(Form):
    """Does anyone in the case work for, or have family in, a partner agency?"""

    answer = Code(YesNoUnknown)
    people = ListOf(Part(Interest), 1, 20, required=False, says="Needed if YES")

    @staticmethod
    def _who(data: dict[str, Any]) -> Iterator[Fault]:
        if data["answer"] is YesNoUnknown.YES and "people" not in data:
            yield "needed_here", ("people",)

    rules = (_who,)


class Excluded(Form):
    """A person, role or agency that must not see this."""

    name = Text(200, required=False)
    role = Text(200, required=False)
    agency_id = AgencyId(required=False)
    agency_kind = Code(AgencyKind, required=False)
    reason = Text(500, lines=True, required=False)

    @staticmethod
    def _whom(data: dict[str, Any]) -> Iterator[Fault]:
        if not {"name", "role", "agency_id", "agency_kind"} & data.keys():
            yield "needed_here", ("name",)
        # Without a coordinator there is no conference, without an auditor nobody who checks it.
        if data.get("agency_kind") in (AgencyKind.COORDINATOR, AgencyKind.AUDITOR):
            yield "out_of_range", ("agency_kind",)

    rules = (_whom,)


# One short text per section that the gateway can read, for readers who get a summary.
Summaries = type(
    "Summaries",
    (Form,),
    {
        "__doc__": "The referrer's own short texts for readers who get a summary of a section.",
        **{name: Text(500, lines=True, required=False) for name in SUMMARISED},
    },
)


def _area_or_postcode(data: dict[str, Any]) -> Iterator[Fault]:
    address = data["victim"].get("address", {}).get("value", {})
    if "value" not in address.get("postcode", {}) and "area" not in data["referral"]:
        yield "needed_here", ("referral", "area")


def _withdrawn(data: dict[str, Any]) -> Iterator[Fault]:
    if code := withdrawal_day(data["victim"]["position"], data["consent_record"]):
        yield code, ("consent_record", "withdrawn_on")


def _second_person(data: dict[str, Any]) -> Iterator[Fault]:
    """One person may decide alone only while life is in danger; the second signs later."""
    record = data.get("override_record", {"authoriser": {}})
    if "authoriser" not in record and data["referral"]["danger"] is not Danger.IMMINENT_LIFE:
        yield "needed_here", ("override_record", "authoriser")


class Referral(Form):
    """referral/1: everything that a conference needs to know at the start."""

    referrer = Part(Referrer)
    referral = Part(Reason)
    victim = Part(Victim)
    perpetrators = ListOf(Part(Perpetrator), 1, 20, unique="ref")
    children = NoneOr(ListOf(Part(Child), 1, 30, unique="ref"))
    household = Part(Household, required=False)
    incidents = ListOf(Part(Incident), 1, 100)
    orders = ListOf(Part(Order), 0, 30, required=False)
    risk_assessments = OrReason(ListOf(Part(Assessment), 1, 8))
    actions_taken = OrReason(ListOf(Part(ActionTaken), 1, 50))
    staff_safety = Text(1000, lines=True, required=False, says="For anyone who visits")
    consent_record = Part(ConsentRecord)
    override_record = Part(OverrideRecord, required=False)
    children_concern = Code(ChildConcern)
    conflict_check = Part(ConflictCheck)
    summaries = Part(Summaries, required=False)
    must_not_receive = ListOf(Part(Excluded), 0, 20, required=False)

    rules = (_area_or_postcode, _withdrawn, _second_person, known_people)
