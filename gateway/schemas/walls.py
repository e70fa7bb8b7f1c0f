"""Owns the forms around the conflict wall: interests, own keys, acts, broken glass, reviews."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.schemas.codes import (
    Category,
    Closeness,
    ConflictAct,
    DatePrecision,
    GlassFinding,
    PrimaryVictim,
    Purpose,
    RedactionAct,
    ReleaseAct,
    WorkerKeyAct,
)
from gateway.schemas.fields import Code, Int, Only, Pattern, Text
from gateway.schemas.parts import Fault, Form, ListOf, Part
from gateway.schemas.people import precise
from gateway.schemas.places import Address
from gateway.schemas.shapes import AgencyId, Base64Url, Date, Phone

# What the gateway finds by itself is nobody's to send.
SENT = (
    ConflictAct.DEPUTY,
    ConflictAct.END_DEPUTY,
    ConflictAct.CONFIRM,
    ConflictAct.EXCLUDE,
    ConflictAct.LIFT,
)


class CloseTo(Form):
    """A worker, or somebody the worker is or was close to."""

    closeness = Code(Closeness)
    given_names = Text(100, required=False)
    family_name = Text(100)
    aliases = ListOf(Text(100), 0, 10, required=False)
    former_names = ListOf(Text(100), 0, 10, required=False)
    dob = Date(required=False)
    dob_precision = Code(DatePrecision, required=False, says="Needed with a date of birth")
    addresses = ListOf(Part(Address), 0, 5, required=False)
    phones = ListOf(Phone(), 0, 5, required=False)

    rules = (precise("dob", "dob_precision"),)


def _self(data: dict[str, Any]) -> Iterator[Fault]:
    """One of them is the worker: without it nobody is kept from a case about oneself."""
    found = [n for n, row in enumerate(data["people"]) if row["closeness"] is Closeness.SELF]
    if not found:
        yield "needed_here", ("people",)
    for n in found[:1]:
        missing = {"given_names", "dob"} - data["people"][n].keys()
        yield from (("needed_here", ("people", n, name)) for name in sorted(missing))
    yield from (("duplicate", ("people", n, "closeness")) for n in found[1:])


class Interests(Form):
    """interests/1: whom a worker must not read about. It takes the place of the one before."""

    people = ListOf(Part(CloseTo), 1, 40, says="The worker itself, and everybody it is close to")
    employers = ListOf(Text(200), 0, 10, required=False, says="Whom else it works for")

    rules = (_self,)


class WorkerJwk(Form):
    """A public key to encrypt to (RFC 7517)."""

    kty = Only("EC")
    crv = Only("P-256")
    x = Base64Url(32)
    y = Base64Url(32)


def _key_act(data: dict[str, Any]) -> Iterator[Fault]:
    needed = "key" if data["act"] is WorkerKeyAct.REGISTER else "kid"
    other = "kid" if needed == "key" else "key"
    if needed not in data:
        yield "needed_here", (needed,)
    if other in data:
        yield "not_both", (other,)


class WorkerKeyForm(Form):
    """worker-key/1: a worker registers a key of its own, a colleague approves it."""

    act = Code(WorkerKeyAct)
    key = Part(WorkerJwk, required=False, says="To register")
    kid = Base64Url(32, required=False, says="To approve or end: its thumbprint (RFC 7638)")

    rules = (_key_act,)


def _sendable(data: dict[str, Any]) -> Iterator[Fault]:
    if data["act"] not in SENT:
        yield "out_of_range", ("act",)
    elif "worker" not in data and data["act"] is not ConflictAct.LIFT:
        yield "needed_here", ("worker",)


class ConflictForm(Form):
    """conflict/1: who stands behind the wall of a case, or reads in that one's place."""

    act = Code(ConflictAct)
    agency = AgencyId()
    worker = Pattern(
        r"[a-z0-9][a-z0-9_-]{0,63}", required=False, says="To lift what is about the agency: none"
    )
    reason = Text(1000, lines=True)

    rules = (_sendable,)


class ReleaseForm(Form):
    """release/1: may a team that serves both know where she is? By somebody who is not of it."""

    act = Code(ReleaseAct)
    agency = AgencyId()
    team = Pattern(
        r"[a-z0-9][a-z0-9_-]{0,63}", required=False, says="As the case names it; absent is none"
    )


class Place(Pattern):
    """Where a text stands in a section, and which paragraph of it, as what was held back says."""

    pattern = r"(/[a-z0-9_]{1,40}){1,12}(#[1-9][0-9]{0,3})?"


def _drafted(data: dict[str, Any]) -> Iterator[Fault]:
    is_draft = data["act"] is RedactionAct.DRAFT
    for name in ("section", "owner", "places"):
        if (name in data) is not is_draft:
            yield ("needed_here" if is_draft else "not_both"), (name,)
    if ("number" in data) is is_draft:
        yield ("not_both" if is_draft else "needed_here"), ("number",)


class RedactionForm(Form):
    """redaction/1: words are to be taken out of a section; its owner confirms or rejects it."""

    act = Code(RedactionAct)
    section = Pattern(r"[a-z][a-z_]{0,39}", required=False, says="To draft")
    owner = AgencyId(required=False, says="To draft: whose section it is")
    places = ListOf(Place(), 1, 50, unique=True, required=False, says="To draft")
    number = Int(1, 10**6, required=False, says="To confirm or reject: of the draft")

    rules = (_drafted,)


class GlassForm(Form):
    """break-glass/1: one category, and why it cannot wait."""

    category = Code(Category)
    purpose = Code(Purpose)
    reason = Text(1000, lines=True, says="Read by owner, chair and data protection officer")


class GlassReviewForm(Form):
    """glass-review/1: the chair approves an auditor's sample, or says what became of a look."""

    number = Int(1, 10**6, says="Of the look, as the case shows it")
    approve = Only(True, required=False, says="An auditor's sample that nobody saw yet")
    finding = Code(GlassFinding, required=False, says="Was it justified?")
    note = Text(1000, lines=True)

    @staticmethod
    def _one(data: dict[str, Any]) -> Iterator[Fault]:
        if "approve" in data and "finding" in data:
            yield "not_both", ("finding",)
        elif "approve" not in data and "finding" not in data:
            yield "needed_here", ("finding",)

    rules = (_one,)


class PrimaryVictimForm(Form):
    """primary-victim/1: what a review of two who accuse each other found; the chair signs it."""

    outcome = Code(PrimaryVictim, says="A is the victim of this record, B that of the other")
    account = Text(4000, lines=True, says="Who did what to whom; stays in this record")
