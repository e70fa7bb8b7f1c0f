"""Owns the dated rows and boxes that a document becomes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from gateway.disclosure import (
    ALERT_PART,
    SCAN_PART,
    Box,
    CaseKey,
    seal_value,
)
from gateway.flows.referrals.reading import Reading
from gateway.ledger import Work
from gateway.profiles.loader import Profile
from gateway.rules import leaks, raising
from gateway.rules.facts import ConsentDecision, Narrowing
from gateway.rules.limits import Limits
from gateway.rules.positions import Said
from gateway.schemas.codes import (
    DataClass,
    Outcome,
)
from gateway.schemas.json_text import dump
from gateway.store import cases, dated
from gateway.store import tables as t
from gateway.store.cases import By


@dataclass(frozen=True, slots=True)
class Lapse:
    """The last day of an agreement, and what holds after it."""

    last_day: date
    decision: ConsentDecision


def by(work: Work) -> By:
    """Who writes, for dated rows."""
    return By(work.caller.agency_id, work.caller.worker_id, work.now)


def boxes(
    document: Mapping[str, Any],
    parts: Mapping[str, Any],
    sealed: Iterable[Mapping[str, Any]],
    profile: Profile,
) -> list[Box]:
    """The boxes of a referral: its sections, their summaries, the alert, each sealed copy.

    And what to look for in texts that leave: the values themselves, or tokens of what is sealed.
    """
    found = [
        Box(name, "FULL", part)
        for name, part in parts.items()
        if profile.fields.data_class(name) is DataClass.GATEWAY
    ]
    found += [
        Box(name, "SUMMARY", {"summary": text})
        for name, text in document.get("summaries", {}).items()
    ]
    found.append(Box("referral", ALERT_PART, {"referrer": document["referrer"]}))
    if leaks.is_hidden(document):
        protected = leaks.values_of(parts, profile.fields.protected)
        found += [Box(SCAN_PART, SCAN_PART, protected)] if protected else []
    for item in sealed:
        if scan := item.get("scan"):
            found.append(Box(SCAN_PART, SCAN_PART, {"section": item["section"], **scan}))
        found += [
            Box(item["section"], "SEALED", _copy(item, copy), audience=copy["agency"])
            for copy in item["recipients"]
        ]
    return found


def _copy(item: Mapping[str, Any], copy: Mapping[str, Any]) -> dict[str, Any]:
    """One recipient's copy, in the shape in which it is handed on."""
    kept = {name: item[name] for name in ("section", "digest")}
    return {**kept, "recipients": [dict(copy)]}


def write_position(
    work: Work,
    key: CaseKey,
    *,
    said: Said,
    record: Mapping[str, Any],
    capacity: str,
    limits: Limits,
    is_new: bool,
) -> None:
    """Append the victim's position with its account, sealed."""
    dated.add_dated(
        work.session,
        t.position,
        case_id=key.case_id,
        is_new=is_new,
        position=said.position,
        capacity=capacity,
        excluded_kinds=sorted(limits.kinds),
        excluded_agencies=sorted(limits.agencies),
        overridden_kinds=sorted(limits.overridden_kinds),
        barred_kinds=sorted(limits.barred_kinds),
        barred_agencies=sorted(limits.barred_agencies),
        narrowed=[_codes(each) for each in limits.narrowed],
        broken=[_codes(each) for each in limits.broken],
        scope=sorted(said.scope),
        starts_on=said.starts_on,
        expires_on=said.expires_on,
        account=seal_value(
            key, table="position", column="account", row=key.case_id, value=dump(record)
        ),
        by_agency=work.caller.agency_id,
        by_worker=work.caller.worker_id,
        at=work.now,
    )


def write_risk(
    work: Work, key: CaseKey, reading: Reading, *, seen: Mapping[str, Any], is_new: bool
) -> None:
    """Append the risk as graded now; `seen` are markers, children and dates of the document."""
    events = [day.isoformat() for day in seen["events"]]
    needs = dump(sorted(reading.needs))
    dated.add_dated(
        work.session,
        t.risk,
        case_id=key.case_id,
        is_new=is_new,
        level=reading.level,
        criteria=sorted(reading.criteria),
        professional=raising.highest_judgement(reading.grades),
        grades=[asdict(grade) for grade in reading.grades],
        age=reading.facts.age,
        child=reading.facts.child,
        danger=reading.facts.danger,
        care_needs=reading.facts.care_needs,
        needs=seal_value(key, table="risk", column="needs", row=key.case_id, value=needs),
        by_agency=work.caller.agency_id,
        by_worker=work.caller.worker_id,
        at=work.now,
        **{**seen, "events": events},
    )


def write_consent(
    work: Work,
    case_id: str,
    decision: ConsentDecision,
    profile: Profile,
    *,
    lapses: Lapse | None,
    is_new: bool,
) -> None:
    """Append what the consent table decided, with the versions of the tables that decided it.

    `lapses` is what will hold after the last day of the agreement it rests on.
    """
    dated.add_dated(
        work.session,
        t.consent,
        case_id=case_id,
        is_new=is_new,
        rule=decision.rule,
        outcome=decision.outcome,
        share_with=sorted(decision.share_with),
        duties=sorted(decision.duties),
        must_record=sorted(decision.must_record),
        versions=dict(profile.versions),
        lapses_on=lapses and lapses.last_day,
        lapsed_rule=lapses and lapses.decision.rule,
        lapsed_outcome=lapses and str(lapses.decision.outcome),
        at=work.now,
    )
    since = _unshared_from(work, decision, lapses)
    if since or not is_new:
        cases.set_unshared(work.session, case_id, since=since)


def _unshared_from(work: Work, decision: ConsentDecision, lapses: Lapse | None) -> date | None:
    """The first day on which the case is shared with nobody, as far as is decided now (V41)."""
    if decision.outcome is Outcome.NO_SHARE:
        return work.today
    if lapses and lapses.decision.outcome is Outcome.NO_SHARE:
        return lapses.last_day + timedelta(days=1)
    return None


def write_override(work: Work, case_id: str, record: Mapping[str, Any]) -> None:
    """Append that an override record came in; its text is contributed as a section."""
    dated.add_dated(
        work.session,
        t.override,
        case_id=case_id,
        purpose=str(record["purpose"]),
        categories=sorted(record["categories"]),
        recipients=sorted(record["recipients"]),
        is_signed="authoriser" in record,
        decided_at=record["decided_at"],
        review_on=record["review_on"],
        by_agency=work.caller.agency_id,
        by_worker=work.caller.worker_id,
        at=work.now,
    )


def _codes(narrowing: Narrowing) -> dict[str, str]:
    return {name: str(code) for name, code in asdict(narrowing).items() if code is not None}
