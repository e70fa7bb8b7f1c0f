"""Owns reading the routing table; a row that can never match, or leads nowhere, never loads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from gateway.errors import BrokenTable
from gateway.rules.routing import Contact, RoutingTable, Row
from gateway.schemas.codes import AgencyKind, CaseRole, Need, Recipient

_ROLES: Mapping[Recipient, CaseRole] = {
    Recipient.MARAC: CaseRole.COORDINATOR,
    Recipient.IDVA: CaseRole.IDVA,
    Recipient.POLICE: CaseRole.NAMED,
    Recipient.CSC: CaseRole.NAMED,
    Recipient.ASC: CaseRole.NAMED,
}
_KINDS: Mapping[Recipient, AgencyKind] = {
    Recipient.MARAC: AgencyKind.COORDINATOR,
    Recipient.IDVA: AgencyKind.IDVA,
    Recipient.POLICE: AgencyKind.POLICE,
    Recipient.CSC: AgencyKind.CSC,
    Recipient.ASC: AgencyKind.ASC,
}
_KEYS = {"id", "recipient", "area", "any_need", "agency", "role", "desk", "fallback"}


def load_routing(data: Mapping[str, Any]) -> RoutingTable:
    """Return the routing table of a parsed file.

    Guaranteed: every area that has a row has one coordinator, and for every other recipient a
    row that matches without any need; agency and fallback are of the recipient's kind.

    :raises BrokenTable: otherwise; the message names the row.
    """
    try:
        agencies = {key: _contact(key, value) for key, value in data["agencies"].items()}
        rows = tuple(_row(row, agencies) for row in data["rows"])
        research = {area: tuple(asked) for area, asked in data["research"].items()}
    except (KeyError, TypeError, AttributeError):
        raise BrokenTable("routing: a part is missing or of the wrong shape.") from None
    _check_order(rows)
    _check_complete(rows)
    for area, asked in research.items():
        if len(set(asked)) != len(asked) or not set(asked) <= set(agencies):
            raise BrokenTable(f"routing: research.{area}: names an agency twice or unknown.")
    coordinators = tuple(
        (row.area, row.agency_id) for row in rows if row.recipient is Recipient.MARAC
    )
    return RoutingTable(rows, MappingProxyType(agencies), coordinators, MappingProxyType(research))


def _contact(agency_id: str, value: Mapping[str, str]) -> Contact:
    """Return one agency of the table."""
    try:
        kind = AgencyKind(value["kind"])
    except ValueError:
        raise BrokenTable(f"routing: agencies.{agency_id}: an unknown kind.") from None
    return Contact(
        agency_id=agency_id,
        name=value["name"],
        kind=kind,
        area=value["area"],
        phone=value["phone"],
        hours=value["hours"],
        capacity=value["capacity"],
    )


def _row(row: Mapping[str, Any], agencies: Mapping[str, Contact]) -> Row:
    """Return one row, its codes and agencies checked."""
    name = row["id"]
    if odd := sorted(set(row) - _KEYS):
        raise BrokenTable(f"routing: {name}: {odd[0]} is not known.")
    try:
        recipient = Recipient(row["recipient"])
        role = CaseRole(row["role"])
        needs = frozenset(Need(need) for need in row.get("any_need", ()))
    except ValueError:
        raise BrokenTable(f"routing: {name}: an unknown code.") from None
    if "any_need" in row and not needs:
        raise BrokenTable(f"routing: {name}: any_need is empty.")
    made = Row(
        name, recipient, row["area"], needs, row["agency"], role, row["desk"], row.get("fallback")
    )
    _check_row(made, agencies)
    return made


def _check_row(row: Row, agencies: Mapping[str, Contact]) -> None:
    """Refuse a row with another recipient's role or kind, or a fallback that is none."""
    if row.role is not _ROLES[row.recipient]:
        raise BrokenTable(f"routing: {row.id}: not the role of this recipient.")
    for agency_id in filter(None, (row.agency_id, row.fallback)):
        if agency_id not in agencies or agencies[agency_id].kind is not _KINDS[row.recipient]:
            raise BrokenTable(f"routing: {row.id}: an agency that is unknown or of another kind.")
    if row.fallback == row.agency_id:
        raise BrokenTable(f"routing: {row.id}: falls back to itself.")
    if row.recipient is Recipient.MARAC and (row.any_need or row.fallback):
        raise BrokenTable(f"routing: {row.id}: a coordinator takes neither need nor fallback.")


def _check_order(rows: Sequence[Row]) -> None:
    """Refuse a row that can never decide because one above it always matches."""
    seen: set[str] = set()
    always: set[tuple[Recipient, str]] = set()
    for row in rows:
        key = (row.recipient, row.area)
        if row.id in seen:
            raise BrokenTable(f"routing: {row.id}: stands twice.")
        if key in always:
            raise BrokenTable(f"routing: {row.id}: a row above always matches.")
        seen.add(row.id)
        if not row.any_need:
            always.add(key)


def _check_complete(rows: Sequence[Row]) -> None:
    """Refuse a table in which some recipient in some area has no row for every case."""
    for area in sorted({row.area for row in rows}):
        for recipient in Recipient:
            here = [row for row in rows if row.area == area and row.recipient is recipient]
            if not any(not row.any_need for row in here):
                raise BrokenTable(f"routing: {area}/{recipient}: no row that always matches.")
    if not rows:
        raise BrokenTable("routing: rows: empty.")
