"""Owns reading the legal bases of each kind of agency, with the day from which each counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from gateway.errors import BrokenTable
from gateway.schemas.codes import AgencyKind, Category
from gateway.schemas.consent_codes import LegalBasis

GROUPS = ("ARTICLE_6", "ARTICLE_9", "ARTICLE_10", "PART_3", "GATEWAY")
CHILD_OR_CARE_NEEDS = "CHILD_OR_CARE_NEEDS"


@dataclass(frozen=True, slots=True)
class Basis:
    """One legal basis, by code."""

    code: str
    title: str
    group: str
    effective_from: date
    is_for_child_or_care_needs_only: bool


@dataclass(frozen=True, slots=True)
class Recorded:
    """A basis as override records name it: from when it counts, and for which kinds (None: all)."""

    effective_from: date
    kinds: frozenset[AgencyKind] | None


@dataclass(frozen=True, slots=True)
class LegalTable:
    """Bases by code, what each kind of agency relies on, and retention by category in words."""

    bases: Mapping[str, Basis]
    kinds: Mapping[AgencyKind, tuple[str, ...]]
    retention: Mapping[Category, str]
    records: Mapping[str, Recorded]

    def may_rely(self, kind: AgencyKind, code: str, on: date) -> bool:
        """Whether a kind of agency could rely on a basis, named as in a record, on a day."""
        found = self.records[code]
        return found.effective_from <= on and (found.kinds is None or kind in found.kinds)

    def for_kind(
        self, kind: AgencyKind, *, on: date, is_child_or_has_care_needs: bool
    ) -> tuple[str, ...]:
        """Return the codes that count for one agency, one person and one day.

        Paragraph 18 and its like count only for a child or an adult with care needs
        (Data Protection Act 2018 Schedule 1 paragraph 18(2) and (4)).
        """
        return tuple(
            code
            for code in self.kinds.get(kind, ())
            if self.bases[code].effective_from <= on
            and (is_child_or_has_care_needs or not self.bases[code].is_for_child_or_care_needs_only)
        )


def load_legal(data: Mapping[str, Any]) -> LegalTable:
    """Return the legal bases of a parsed table.

    Guaranteed: each kind has a basis of Article 6 or Part 3, no code is unknown or idle, and each
    category has one retention.

    :raises BrokenTable: otherwise; the message names the row.
    """
    try:
        bases = {code: _basis(code, row) for code, row in data["bases"].items()}
        kinds = {kind: tuple(data["kinds"][kind]) for kind in AgencyKind}
        _check_kinds(data["kinds"], kinds, bases)
        retention = _retention(data["retention"])
        records = _records(data["records"], bases, kinds)
    except (KeyError, TypeError, AttributeError):
        raise BrokenTable("legal: a part is missing or of the wrong shape.") from None
    return LegalTable(
        MappingProxyType(bases),
        MappingProxyType(kinds),
        MappingProxyType(retention),
        MappingProxyType(records),
    )


def _basis(code: str, row: Mapping[str, Any]) -> Basis:
    """Return one basis."""
    if row["group"] not in GROUPS:
        raise BrokenTable(f"legal: bases.{code}: an unknown group.")
    if type(row["from"]) is not date:
        raise BrokenTable(f"legal: bases.{code}: from is not a date.")
    if row.get("only", CHILD_OR_CARE_NEEDS) != CHILD_OR_CARE_NEEDS:
        raise BrokenTable(f"legal: bases.{code}: an unknown restriction.")
    return Basis(code, row["title"], row["group"], row["from"], "only" in row)


def _check_kinds(
    sent: Mapping[str, Any],
    kinds: Mapping[AgencyKind, tuple[str, ...]],
    bases: Mapping[str, Basis],
) -> None:
    """Refuse a kind without a ground of its own, a code without a basis, a basis without a kind."""
    if odd := sorted(set(sent) - set(AgencyKind)):
        raise BrokenTable(f"legal: kinds.{odd[0]}: an unknown kind.")
    for kind, codes in kinds.items():
        if len(set(codes)) != len(codes) or not set(codes) <= set(bases):
            raise BrokenTable(f"legal: kinds.{kind}: a code stands twice or has no basis.")
        if not {bases[code].group for code in codes} & {"ARTICLE_6", "PART_3"}:
            raise BrokenTable(f"legal: kinds.{kind}: no ground of Article 6 or Part 3.")
    idle = set(bases) - {code for codes in kinds.values() for code in codes}
    if idle:
        raise BrokenTable(f"legal: bases.{min(idle)}: no kind relies on it.")


def _records(
    rows: Mapping[str, Any],
    bases: Mapping[str, Basis],
    kinds: Mapping[AgencyKind, tuple[str, ...]],
) -> dict[str, Recorded]:
    """Return how each basis of a record stands in the catalogue.

    What the law ties to a kind of body is checked by it: grounds of Article 6 and Part 3, unless
    the row says that anyone may rely on them. Statutes and common law are open to all.
    """
    if odd := sorted(set(rows) ^ {str(code) for code in LegalBasis}):
        raise BrokenTable(f"legal: records.{odd[0]}: missing, or no basis of a record.")
    found: dict[str, Recorded] = {}
    for code, row in rows.items():
        if "from" in row and type(row["from"]) is date and set(row) == {"from"}:
            found[code] = Recorded(row["from"], None)
            continue
        if row.get("basis") not in bases or set(row) - {"basis", "anyone"}:
            raise BrokenTable(f"legal: records.{code}: names no basis of the catalogue.")
        basis = bases[row["basis"]]
        is_tied = basis.group in ("ARTICLE_6", "PART_3") and row.get("anyone") is not True
        relying = frozenset(kind for kind, codes in kinds.items() if basis.code in codes)
        found[code] = Recorded(basis.effective_from, relying if is_tied else None)
    return found


def _retention(rows: Mapping[str, Any]) -> dict[Category, str]:
    """Return the retention of each category, in words."""
    found: dict[Category, str] = {}
    for name, row in rows.items():
        for code in row["categories"]:
            if code not in set(Category) or code in found:
                raise BrokenTable(f"legal: retention.{name}: a category is unknown or twice.")
            found[Category(code)] = row["keep"]
    if missing := sorted(set(Category) - set(found)):
        raise BrokenTable(f"legal: retention: {missing[0]} has none.")
    return found
