"""Owns taking over cases that were heard before the gateway was there, so that repeats are found.

Each becomes a case under monitoring with its people, its days and its flag, and nothing else; it is
the coordinator's alone, and nobody is told of it.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from functools import partial
from typing import Any

from gateway.agencies import directory
from gateway.agencies.inbox import once
from gateway.disclosure import (
    Box,
    Contribution,
    contribute,
    new_case_key,
    regrant,
    seal_value,
)
from gateway.errors import Conflict, Denied
from gateway.flows.referrals import people, writing
from gateway.ledger import Work
from gateway.rules import sections
from gateway.rules.clocks import add_months
from gateway.rules.facts import ConsentDecision
from gateway.rules.limits import Limits
from gateway.rules.positions import Said
from gateway.schemas import reference as references
from gateway.schemas.action_codes import FlagAct
from gateway.schemas.chance import new_uuid
from gateway.schemas.codes import (
    AgeBand,
    AgencyKind,
    Capacity,
    CaseRole,
    CaseState,
    ChildConcern,
    ConflictAct,
    DatePrecision,
    Outcome,
    Position,
    ProfessionalLevel,
    RiskLevel,
)
from gateway.schemas.forms import plain
from gateway.schemas.json_text import dump
from gateway.schemas.sheets import Earlier, Fault
from gateway.sealing.claims import canonical
from gateway.store import cases, conferences, dated, ids, members, referrals
from gateway.store import tables as t
from gateway.store.cases import By
from gateway.store.conferences import ConferenceRow
from gateway.store.members import NewAssignment
from gateway.store.referrals import ReferralRow

FORM = "import/1"
MONTHS = 12
RULE = "IMPORT"  # decided before there was a gateway
_NOON = time(12)


def check_rows(work: Work, rows: Sequence[Earlier]) -> list[Fault]:
    """What a coordinator cannot take over: what lies ahead, or more than twelve months back.

    :raises Denied: if the caller coordinates no area.
    """
    work.attempt("case.import")
    _require_coordinator(work)
    if not directory.has_worker(work.session, work.caller.agency_id, work.caller.worker_id):
        raise Denied("no-person")
    work.count("case.import.checked")
    first = add_months(work.today, -MONTHS)
    faults = []
    for each in rows:
        days = [n for n in ("referred_on", "heard_on") if n in each.values]
        faults += [Fault(each.row, n, "issued_in_future") for n in days if _ahead(work, each, n)]
        if each.values["referred_on"] < first:
            faults.append(Fault(each.row, "referred_on", "expired"))
        heard_on = each.values.get("heard_on")
        if heard_on is not None and heard_on < each.values["referred_on"]:
            faults.append(Fault(each.row, "heard_on", "out_of_range"))
    return faults


def import_rows(work: Work, rows: Sequence[Earlier]) -> tuple[int, list[Fault]]:
    """Take over some rows: how many were new, and those that were taken over otherwise before.

    A row is known by its own key: the same row again is nothing new.

    :raises Denied: if the caller coordinates no area.
    """
    work.attempt("case.import")
    _require_coordinator(work)
    taken, faults = 0, []
    for each in rows:
        made: list[str] = []
        content = {"import": plain(dict(each.values))}
        try:
            once(work, _key(work, each), content, partial(_take, work, each, made))
        except Conflict:
            work.count("case.import.changed")
            faults.append(Fault(each.row, "key", "duplicate"))
        taken += len(made)
    return taken, faults


def loaded(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document of a case that was taken over, with days as such, for its index."""
    victim = dict(document["victim"])
    if "value" in victim["dob"]:
        victim["dob"] = {"value": date.fromisoformat(victim["dob"]["value"])}
    harming = [
        {**row, **({"dob": date.fromisoformat(row["dob"])} if "dob" in row else {})}
        for row in document["perpetrators"]
    ]
    return {
        "victim": victim,
        "perpetrators": harming,
        "children": {"none": True},
        "conflict_check": {},
    }


def _take(work: Work, row: Earlier, made: list[str]) -> dict[str, str]:
    """Write the case of one row."""
    values, profile = row.values, work.profiles.for_area(work.caller.area, work.today)
    at = _moment(values["referred_on"])
    case_id, reference = ids.new(work.now, work.chance), references.make(work.chance)
    by = By(work.caller.agency_id, work.caller.worker_id, at)
    work.opens(case_id)
    cases.add_case(work.session, case_id=case_id, area=profile.area, by=by)
    referrals.add_referral(
        work.session,
        ReferralRow(reference, case_id, by.agency_id, by.worker_id, at),
    )
    key = new_case_key(work, case_id)
    document = _document(values)
    text = canonical({"form": FORM, "document": document})
    referrals.add_version(
        work.session,
        reference=reference,
        version=1,
        received_at=at,
        digest=hashlib.sha256(text).digest(),
        document=seal_value(
            key,
            table="referral_version",
            column="document",
            row=f"{reference}/1",
            value=text,
        ),
    )
    parts = sections.split(document, profile.fields.section_of)
    boxes = [Box(name, "FULL", part) for name, part in parts.items()]
    known = contribute(work, key, Contribution(by.agency_id, work.now, boxes))
    _write_facts(work, key.case_id, key, profile)
    heard = values.get("heard_on", values["referred_on"])
    cases.add_states(
        work.session,
        case_id=case_id,
        states=[CaseState.HEARD, CaseState.MONITORING],
        because="import",
        by=By(by.agency_id, by.worker_id, _moment(heard)),
        is_new=True,
    )
    members.add_assignments(
        work.session,
        case_id=case_id,
        assignments=[NewAssignment(by.agency_id, CaseRole.COORDINATOR, "import")],
        at=work.now,
    )
    if "heard_on" in values:
        _list(work, case_id, _moment(heard))
    _flag(work, case_id, values["referred_on"])
    people.index_anew(work, case_id, loaded(document))
    _confirm(work, case_id)
    regrant(work, key, profile, known=known)
    work.record("case.import", case_id, because="import")
    made.append(case_id)
    return {"reference": references.write(reference)}


def _write_facts(work: Work, case_id: str, key: Any, profile: Any) -> None:
    """What there is to be known of a case of which only names and days were taken over.

    It was heard, so its risk was high; what she said then is not known.
    """
    writing.write_position(
        work,
        key,
        said=Said(Position.UNRECORDED),
        record={},
        capacity=Capacity.DOUBT,
        limits=Limits(),
        is_new=True,
    )
    dated.add_dated(
        work.session,
        t.risk,
        case_id=case_id,
        is_new=True,
        level=RiskLevel.HIGH,
        criteria=[],
        professional=ProfessionalLevel.NONE,
        grades=[],
        age=AgeBand.AGE_18PLUS,
        child=ChildConcern.NONE,
        danger="NONE",
        care_needs=False,
        needs=seal_value(key, table="risk", column="needs", row=case_id, value=dump([])),
        by_agency=work.caller.agency_id,
        by_worker=work.caller.worker_id,
        at=work.now,
        markers=[],
        children=0,
        incident_on=None,
        events=[],
    )
    nobody: frozenset[Any] = frozenset()
    decision = ConsentDecision(RULE, Outcome.ALLOW, nobody, nobody, nobody)
    writing.write_consent(work, case_id, decision, profile, lapses=None, is_new=True)


def _document(values: Mapping[str, Any]) -> dict[str, Any]:
    told = plain(dict(values))
    dob = told.get("victim_dob")
    victim = {
        "given_names": told["victim_given_names"],
        "family_name": told["victim_family_name"],
        "aliases": [],
        "former_names": [],
        "spelling_variants": [],
        "dob": {"value": dob} if dob else {"absent": "UNKNOWN"},
        **({"dob_precision": str(DatePrecision.DAY)} if dob else {}),
    }
    if "victim_nhs_number" in told:
        victim["nhs_number"] = told["victim_nhs_number"]
    names = {"perpetrator_given_names": "given_names", "perpetrator_family_name": "family_name"}
    harming = {"ref": "p1", **{n: told[each] for each, n in names.items() if each in told}}
    if "perpetrator_dob" in told:
        harming |= {"dob": told["perpetrator_dob"], "dob_precision": str(DatePrecision.DAY)}
    return {"victim": victim, "perpetrators": [harming]}


def _list(work: Work, case_id: str, at: datetime) -> None:
    """Put it on the list of the conference that heard it; the same one for all of its day."""
    me = work.caller.agency_id
    found = conferences.list_coming(work.session, agency_id=me, since=at, most=1)
    is_there = bool(found) and (found[0].agency_id, found[0].starts_at) == (me, at)
    conference_id = found[0].conference_id if is_there else new_uuid(work.chance)
    if not is_there:
        row = ConferenceRow(conference_id, work.caller.area, me, at)
        conferences.add_conference(work.session, row, attendees=[me], planned_at=work.now)
        conferences.set_ended(work.session, conference_id, at)
    conferences.list_case(
        work.session, conference_id=conference_id, case_id=case_id, kind="NEW", listed_at=at
    )


def _confirm(work: Work, case_id: str) -> None:
    """Whoever takes it over knew the case before: no newcomer who looks back."""
    dated.add_dated(
        work.session,
        t.conflict_act,
        case_id=case_id,
        act=ConflictAct.CONFIRM,
        agency_id=work.caller.agency_id,
        worker_id=work.caller.worker_id,
        by_agency=people.GATEWAY,
        at=work.now,
    )


def _flag(work: Work, case_id: str, referred_on: date) -> None:
    dated.add_dated(
        work.session,
        t.flag,
        case_id=case_id,
        act=FlagAct.PLACED,
        until=add_months(referred_on, MONTHS),
        by_agency=work.caller.agency_id,
        by_worker=work.caller.worker_id,
        at=work.now,
    )


def _key(work: Work, row: Earlier) -> str:
    """By what a row is known again, also after every key was exchanged."""
    text = f"import|{work.caller.agency_id}|{row.values['key']}".encode()
    return str(uuid.UUID(bytes=hashlib.sha256(text).digest()[:16], version=4))


def _ahead(work: Work, row: Earlier, name: str) -> bool:
    return bool(row.values[name] > work.today)


def _moment(day: date) -> datetime:
    return datetime.combine(day, _NOON, UTC)


def _require_coordinator(work: Work) -> None:
    if work.caller.kind is not AgencyKind.COORDINATOR or work.caller.worker_id is None:
        raise Denied("not-the-coordinator")
