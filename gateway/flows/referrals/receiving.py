"""Owns taking on a case of another area: a new case there, made of what the old one may hand on.

Every section keeps its contributor, so that who offers a case and who takes it on own none of it.
What is sealed to its readers is carried only as the copies that a holder sealed for the new area.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from gateway.agencies import directory
from gateway.disclosure import (
    Box,
    CaseKey,
    Contribution,
    carry_flag,
    contribute,
    new_case_key,
    seal_value,
)
from gateway.errors import Conflict
from gateway.flows.referrals import carrying, later, people, reading, settling, writing
from gateway.flows.referrals.carrying import ASSESSED, CARRIED, FIRST, Kept, assessed_in
from gateway.flows.referrals.sending import Sender
from gateway.flows.referrals.submitting import lapse_of
from gateway.ledger import Work
from gateway.profiles.loader import Profile
from gateway.rules import grading, markers, sections
from gateway.rules.facts import CaseFacts
from gateway.schemas import forms
from gateway.schemas import reference as references
from gateway.schemas.codes import CaseRole, Criterion
from gateway.schemas.json_text import dump
from gateway.store import cases, conferences, dated, ids, parties, referrals
from gateway.store.sections import SectionRow

FORM = "referral/1"


def take_on(work: Work, old: CaseFacts, old_key: CaseKey, area: str) -> str:
    """Open a case in the caller's area for one that moves in; its reference, as it is written.

    It is graded, decided, indexed and routed like a referral, by the tables of the new area:
    whoever supports her there is told at once, and the wall stands before anything opens.

    :raises Conflict: code not_whole, if what was sent of it is not there any more.
    """
    whole = carrying.kept_of(work, old, old_key)
    # Decided, indexed and compared with staff by every word; kept for readers without those held.
    version = _document(work, old, whole, area)
    loaded = forms.load(FORM, version)
    kept = carrying.without_held(work, old.case_id, whole)
    document = _document(work, old, kept, area)
    profile = work.profiles.for_area(area, work.today)
    read = reading.read(loaded, profile, is_area_known=True, on=work.today)
    read, said = later.kept(work, old.case_id, read, profile, versions=0)
    position = dated.list_positions(work.session, [old.case_id])[old.case_id]
    limits = later.limits_of(position)
    sender = _sender(work, old)
    case_id, reference = ids.new(work.now, work.chance), references.make(work.chance)
    work.opens(case_id)
    cases.add_case(work.session, case_id=case_id, area=area, by=writing.by(work))
    referrals.add_referral(work.session, sender.row(work, reference, case_id))
    key = new_case_key(work, case_id)
    _keep_version(work, key, reference, version)
    writing.write_position(
        work,
        key,
        said=said,
        record=document["consent_record"],
        capacity=position.capacity,
        limits=limits,
        is_new=True,
    )
    seen = {
        "markers": sorted(markers.markers_of(loaded, read.grades)),
        "children": markers.count_children(loaded),
        "incident_on": grading.last_incident_on(loaded),
        "events": grading.dated_events(loaded),
    }
    writing.write_risk(work, key, read, seen=seen, is_new=True)
    if record := loaded.get("override_record"):
        writing.write_override(work, case_id, record)
    contributed = _carry(work, old, kept, key, document, profile)
    people.index(work, case_id, loaded, profile, is_new=True)
    _link(work, case_id, old.case_id)
    carrying.carry_acts(work, old_key, key)
    carrying.carry_releases(work, old.case_id, case_id)
    settling.settle(
        work,
        key,
        read,
        loaded,
        profile,
        sender,
        event="case.received",
        limits=limits,
        contributed=contributed,
        lapses=lapse_of(work, read, profile, said),
        notice="",
        is_new=True,
    )
    carry_flag(work, case_id, old.case_id)
    return references.write(reference)


def _sender(work: Work, old: CaseFacts) -> Sender:
    """Who refers a case that moves in: who coordinates the old area."""
    row = next(m for m in old.members.values() if CaseRole.COORDINATOR in m.roles)
    kind = directory.standing(work.session)[row.agency_id].kind
    return Sender(row.agency_id, kind, None, is_entered=True)


def _document(work: Work, old: CaseFacts, kept: Kept, area: str) -> dict[str, Any]:
    """The referral as it stands, with the newest assessments, for somebody who has moved.

    Where she lived is an earlier address now; where she lives is not known here, and not written.
    """
    full = [(row, content) for row, content in kept if row.part == "FULL"]
    parts = [content for row, content in full if row.name != ASSESSED]
    assessed = assessed_in(content for row, content in full if row.name == ASSESSED)
    document = sections.merge([*parts, assessed])
    if "victim" not in document or "referral" not in document:
        raise Conflict("What was sent of it is not there any more.", code="not_whole")
    origin = _origin(work, old, document["referral"])
    referral = {**document["referral"], **origin, "area": area}
    return {**document, "victim": _moved(document["victim"]), "referral": referral}


def _moved(victim: Mapping[str, Any]) -> dict[str, Any]:
    left_out = {"address", "landlord", "tenure", "tenancy_type"}
    found = {name: each for name, each in victim.items() if name not in left_out}
    before = victim.get("address", {}).get("value")
    if before:
        earlier = {**before, "classification": victim["address_classification"]}
        found["previous_addresses"] = [earlier, *victim.get("previous_addresses", ())][:20]
    return found | {
        "address_classification": "UNKNOWN_TO_PERP",
        "address": {"absent": "UNSAFE_TO_ASK"},
        **{name: {"absent": "UNKNOWN"} for name in ("landlord", "tenure", "tenancy_type")},
    }


def _origin(work: Work, old: CaseFacts, referral: Mapping[str, Any]) -> dict[str, Any]:
    """That it comes from another area, and when it was heard there."""
    criteria = dict.fromkeys([*referral["criteria"], str(Criterion.TRANSFER_IN)])
    heard_at = conferences.list_dates(work.session, [old.case_id]).get(old.case_id)
    if heard_at is None or heard_at > work.now:
        return {"criteria": list(criteria)}
    known = referral.get("previous_marac", {}).get("value", {}).get("hearings", [])
    here = {"area": old.area, "heard_on": heard_at.date().isoformat()}
    return {
        "criteria": list(criteria),
        "previous_marac": {"value": {"heard": True, "hearings": [here, *known][:20]}},
    }


def _keep_version(work: Work, key: CaseKey, reference: str, document: Mapping[str, Any]) -> None:
    text = dump({"form": FORM, "document": document})
    referrals.add_version(
        work.session,
        reference=reference,
        version=1,
        received_at=work.now,
        digest=work.chance(32),  # nobody signed it in this form, and nobody sends it again
        document=seal_value(
            key,
            table="referral_version",
            column="document",
            row=f"{reference}/1",
            value=text,
        ),
    )


def _carry(
    work: Work,
    old: CaseFacts,
    kept: Kept,
    key: CaseKey,
    document: Mapping[str, Any],
    profile: Profile,
) -> dict[SectionRow, bytes]:
    """Put what goes with the case under its new key; each section stays its contributor's.

    Of what is sealed, only copies for agencies of the new area: the others' readers stay behind.
    """
    owner = next(row.owner_id for row, _ in kept if (row.name, row.part) == FIRST)
    here = {
        each
        for each, standing in directory.standing(work.session).items()
        if standing.area == profile.area
    }
    assessed: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row, content in kept:
        if row.name == ASSESSED and row.part == "FULL":
            assessed[row.owner_id].append(content)
    parts = sections.split(document, profile.fields.section_of)
    parts.pop(ASSESSED, None)
    if own := assessed_in(assessed.pop(owner, ())):
        parts[ASSESSED] = own
    made = [
        *writing.boxes(document, parts, (), profile),
        *(Box(row.name, row.part, each) for row, each in kept if row.part in CARRIED),
        *(
            Box(row.name, row.part, each, audience=row.audience)
            for row, each in kept
            if row.part == "SEALED" and row.audience in here
        ),
    ]
    contributed = contribute(work, key, Contribution(owner, work.now, made))
    for other, contents in assessed.items():
        box = Box(ASSESSED, "FULL", assessed_in(contents))
        contributed |= contribute(work, key, Contribution(other, work.now, [box]))
    return contributed


def _link(work: Work, case_id: str, old_id: str) -> None:
    """Say that these are the same people: nobody has to confirm what two areas agreed."""
    for row in parties.list_links(work.session, [case_id]):
        if row.other_id == old_id:
            parties.set_link(work.session, row, "CONFIRMED")
