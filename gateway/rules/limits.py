"""Owns who is left out of a case: by the victim's conditions, and for good.

A condition ("not my GP") narrows sharing until it is lifted or a named override breaks it; it may
be about an agency, a kind of agency, a purpose, a class of data, or several of these together. A
bar (named as one who must not receive, or tied to one of the people in the case) stands for good:
nothing that comes later lifts it, not even an override.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gateway.rules.facts import ConsentDecision, Narrowing, Standing
from gateway.schemas.codes import (
    AgencyKind,
    Category,
    Danger,
    Purpose,
    Recipient,
    RecordKind,
    YesNoUnknown,
)

# Danger to life beats a condition about a kind of agency that the rule itself names.
KINDS: Mapping[Recipient, AgencyKind] = {
    Recipient.IDVA: AgencyKind.IDVA,
    Recipient.POLICE: AgencyKind.POLICE,
    Recipient.CSC: AgencyKind.CSC,
    Recipient.ASC: AgencyKind.ASC,
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Who is left out. `overridden_kinds` are conditions that are broken for a stated reason."""

    kinds: frozenset[AgencyKind] = frozenset()
    agencies: frozenset[str] = frozenset()
    overridden_kinds: frozenset[AgencyKind] = frozenset()
    barred_kinds: frozenset[AgencyKind] = frozenset()
    barred_agencies: frozenset[str] = frozenset()
    narrowed: frozenset[Narrowing] = frozenset()
    broken: frozenset[Narrowing] = frozenset()  # of them, those broken for a stated reason

    def leave_out(self, agency_id: str, kind: AgencyKind) -> bool:
        """Whether an agency is left out."""
        return (
            agency_id in self.agencies | self.barred_agencies
            or kind in self.barred_kinds
            or kind in self.kinds - self.overridden_kinds
        )


def of_document(document: Mapping[str, Any], decision: ConsentDecision, *, sender: str) -> Limits:
    """Return the limits of a referral.

    An override record breaks conditions only where the decision rests on it. The sender cannot
    bar itself.
    """
    conditions = document["consent_record"]["conditions"]
    barred = [
        {"kind": row.get("agency_kind"), "agency": row.get("agency_id")}
        for row in document.get("must_not_receive", ())
    ]
    check = document["conflict_check"]
    if check["answer"] == YesNoUnknown.YES:
        barred += [{"agency": row.get("agency_id")} for row in check.get("people", ())]
    broken: Iterable[Mapping[str, Any]] = ()
    if RecordKind.OVERRIDE in decision.must_record:
        broken = document.get("override_record", {}).get("breaks_conditions", ())
    return Limits(
        kinds=_kinds(conditions, "excludes_kind"),
        agencies=_ids(conditions, "excludes_agency") - _ids(broken, "excludes_agency"),
        overridden_kinds=_kinds(broken, "excludes_kind"),
        barred_kinds=_kinds(barred, "kind"),
        barred_agencies=_ids(barred, "agency") - {sender},
    )


def of_position(position: Mapping[str, Any]) -> Limits:
    """Return the conditions of a later position (position/1 or position/2)."""
    conditions = position["conditions"]
    whole = [row for row in conditions if not _is_narrow(row)]
    return Limits(
        kinds=_kinds(whole, "excludes_kind"),
        agencies=_ids(whole, "excludes_agency"),
        narrowed=frozenset(narrowing(row) for row in conditions if _is_narrow(row)),
    )


def narrowing(row: Mapping[str, Any]) -> Narrowing:
    """Return what a condition, or an override that breaks it, says in codes."""
    kind, purpose, category = (
        row.get(f"excludes_{name}") for name in ("kind", "purpose", "category")
    )
    return Narrowing(
        AgencyKind(kind) if kind else None,
        row.get("excludes_agency"),
        Purpose(purpose) if purpose else None,
        Category(category) if category else None,
    )


def broken_by(limits: Limits, rows: Iterable[Mapping[str, Any]]) -> Limits:
    """Return the limits once an override breaks the conditions it names; bars still stand."""
    named = list(rows)
    whole = [row for row in named if not _is_narrow(row)]
    narrow = frozenset(narrowing(row) for row in named if _is_narrow(row))
    return replace(
        limits,
        agencies=limits.agencies - _ids(whole, "excludes_agency"),
        overridden_kinds=limits.overridden_kinds | _kinds(whole, "excludes_kind"),
        broken=limits.broken | narrow,
    )


def conditions_of(limits: Limits) -> frozenset[Narrowing]:
    """Return every condition that stands, broken ones too, in one shape."""
    return (
        frozenset(Narrowing(kind=kind) for kind in limits.kinds)
        | frozenset(Narrowing(agency=agency) for agency in limits.agencies)
        | limits.narrowed
    )


def joined(old: Limits, new: Limits, *, may_lift: bool) -> Limits:
    """Return what stands after `new`: bars only ever grow, conditions too unless lifted.

    `may_lift` is for the IDVA service, the coordinator, and whoever alone recorded all there is.
    """
    return Limits(
        kinds=new.kinds if may_lift else old.kinds | new.kinds,
        agencies=new.agencies if may_lift else old.agencies | new.agencies,
        overridden_kinds=old.overridden_kinds | new.overridden_kinds,
        barred_kinds=old.barred_kinds | new.barred_kinds,
        barred_agencies=old.barred_agencies | new.barred_agencies,
        narrowed=new.narrowed if may_lift else old.narrowed | new.narrowed,
        broken=old.broken | new.broken,
    )


def in_danger(limits: Limits, danger: Danger, decision: ConsentDecision) -> Limits:
    """Return the limits with those broken that danger to life beats; bars still stand."""
    if danger is not Danger.IMMINENT_LIFE:
        return limits
    named = {KINDS[each] for each in decision.recipients if each in KINDS}
    return replace(
        limits,
        overridden_kinds=limits.overridden_kinds | (limits.kinds & named),
        broken=limits.broken | {each for each in limits.narrowed if each.kind in named},
    )


def usable(standing: Mapping[str, Standing], limits: Limits) -> dict[str, Standing]:
    """Return the standing of all agencies with the left out ones as unusable for routing."""
    return {
        agency_id: replace(each, is_conflicted=True)
        if limits.leave_out(agency_id, each.kind)
        else each
        for agency_id, each in standing.items()
    }


def _is_narrow(row: Mapping[str, Any]) -> bool:
    """Whether a condition is about a purpose or a class of data, and not about all of a case."""
    return bool(row.get("excludes_purpose") or row.get("excludes_category"))


def _kinds(rows: Iterable[Mapping[str, Any]], member: str) -> frozenset[AgencyKind]:
    return frozenset(AgencyKind(row[member]) for row in rows if row.get(member))


def _ids(rows: Iterable[Mapping[str, Any]], member: str) -> frozenset[str]:
    return frozenset(row[member] for row in rows if row.get(member))
