"""Owns the dated position of a victim (position/2) and the override record on its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.schemas.codes import AgencyKind, Category, Position, Purpose, YesNoUnknown
from gateway.schemas.consent import (
    ConsentRecord,
    OverrideRecord,
    Signatory,
    withdrawal_day,
)
from gateway.schemas.consent_codes import ConsentHow
from gateway.schemas.fields import Code, Pattern, Text
from gateway.schemas.parts import Fault, Form, ListOf, Part
from gateway.schemas.shapes import AgencyId, Date, Language


def _one_reader(data: dict[str, Any]) -> Iterator[Fault]:
    if "excludes_kind" in data and "excludes_agency" in data:
        yield "not_both", ("excludes_agency",)


class Limit(Form):
    """A limit that the victim sets; what it names counts together: that reader, for that purpose,
    that class of data. Without a code it is told, and keeps nobody out."""

    text = Text(500, lines=True)
    excludes_kind = Code(AgencyKind, required=False)
    excludes_agency = AgencyId(required=False)
    excludes_purpose = Code(Purpose, required=False)
    excludes_category = Code(Category, required=False)

    @staticmethod
    def _possible(data: dict[str, Any]) -> Iterator[Fault]:
        # Without a coordinator there is no conference, without an auditor nobody who checks it.
        if data.get("excludes_kind") in (AgencyKind.COORDINATOR, AgencyKind.AUDITOR):
            yield "out_of_range", ("excludes_kind",)

    rules = (_one_reader, _possible)


class Wording(Form):
    """In which words she was asked."""

    version = Pattern(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", says="Of the agency's own text")
    language = Language()


class DatedPosition(ConsentRecord):
    """position/2: the victim's position, learned anew, and how long and how far it counts."""

    position = Code(Position)
    conditions = ListOf(Part(Limit), 0, 20)
    wording = Part(Wording, required=False, says="Needed if she was asked")
    starts_on = Date(required=False, says="Needed if the position is GIVEN")
    expires_on = Date(required=False, says="The last day; needed if the position is GIVEN")
    safe_to_ask = Code(YesNoUnknown, says="Again; UNKNOWN counts as NO")
    safe_to_tell = Code(YesNoUnknown, says="What became of it; UNKNOWN counts as NO")

    @staticmethod
    def _withdrawn(data: dict[str, Any]) -> Iterator[Fault]:
        if code := withdrawal_day(data["position"], data):
            yield code, ("withdrawn_on",)

    @staticmethod
    def _term(data: dict[str, Any]) -> Iterator[Fault]:
        """Only an agreement ends by itself; an objection stands until she says otherwise."""
        is_given = data["position"] is Position.GIVEN
        for name in ("starts_on", "expires_on"):
            if is_given != (name in data):
                yield ("needed_here" if is_given else "not_both"), (name,)
        if {"starts_on", "expires_on"} <= data.keys() and data["expires_on"] < data["starts_on"]:
            yield "out_of_range", ("expires_on",)

    @staticmethod
    def _asked(data: dict[str, Any]) -> Iterator[Fault]:
        was_asked = data["how"] is not ConsentHow.NOT_ASKED
        if was_asked != ("wording" in data):
            yield ("needed_here" if was_asked else "not_both"), ("wording",)
        if data["position"] is Position.GIVEN and not was_asked:
            yield "out_of_range", ("how",)
        if data["position"] is Position.GIVEN and not data["scope"]:
            yield "needed_here", ("scope",)

    rules = (_withdrawn, _term, _asked)


class BrokenLimit(Form):
    """The condition that sharing breaks, by the same codes as the condition itself."""

    excludes_kind = Code(AgencyKind, required=False)
    excludes_agency = AgencyId(required=False)
    excludes_purpose = Code(Purpose, required=False)
    excludes_category = Code(Category, required=False)

    @staticmethod
    def _some(data: dict[str, Any]) -> Iterator[Fault]:
        if not data:
            yield "needed_here", ("excludes_kind",)

    rules = (_some, _one_reader)


class OverrideForm(OverrideRecord):
    """override/1: why a case is shared without agreement, complete with both signatures."""

    authoriser = Part(Signatory, says="A second person")
    breaks_conditions = ListOf(Part(BrokenLimit), 0, 20)
