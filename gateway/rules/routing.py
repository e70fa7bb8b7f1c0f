"""Owns who receives a case: a first-match table over recipient, area and needs.

Pure. Nothing routes to nobody: where no row finds a usable agency, a coordinator receives it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gateway.rules.facts import Route, Standing
from gateway.rules.matrix import Matrix
from gateway.schemas.codes import (
    AgencyKind,
    CaseRole,
    Category,
    Level,
    Need,
    Recipient,
)

# Row names of the routes that no row of the table gives.
NO_ROW = "none"
_SEALED_FOR = (Recipient.IDVA, Recipient.POLICE)


@dataclass(frozen=True, slots=True)
class Contact:
    """How an agency is reached at work."""

    agency_id: str
    name: str
    kind: AgencyKind
    area: str  # where its desk is; it may serve others
    phone: str
    hours: str
    capacity: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row: for this recipient and area, if any of the needs is met (or none is asked)."""

    id: str
    recipient: Recipient
    area: str
    any_need: frozenset[Need]
    agency_id: str
    role: CaseRole
    desk: str
    fallback: str | None

    def matches(self, recipient: Recipient, area: str, needs: frozenset[Need]) -> bool:
        """Whether the row is about this recipient, here, for these needs."""
        return (
            self.recipient is recipient
            and self.area == area
            and (not self.any_need or bool(self.any_need & needs))
        )


@dataclass(frozen=True)
class RoutingTable:
    """The routing table of a partnership; rows in the order in which they are tried."""

    rows: tuple[Row, ...]
    agencies: Mapping[str, Contact]
    coordinators: tuple[tuple[str, str], ...]  # (area, agency id), in order
    research: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by area

    @property
    def areas(self) -> tuple[str, ...]:
        """The areas that have a coordinator."""
        return tuple(area for area, _ in self.coordinators)


def route(
    table: RoutingTable,
    wanted: Iterable[Recipient],
    area: str,
    needs: frozenset[Need],
    standing: Mapping[str, Standing],
    *,
    needs_triage: bool = False,
) -> tuple[Route, ...]:
    """Return who receives the case: one route for each wanted recipient, in a fixed order.

    The area's coordinator is among them whenever the conference is wanted or the case needs
    triage. An agency that is suspended, conflicted or not registered gives way to its fallback,
    then to the next matching row, then to a coordinator, who is only told that a referral waits
    (ALERTED) unless it coordinates the case anyway. `because` says which of these happened.
    """
    asked = set(wanted)
    if needs_triage:
        asked.add(Recipient.MARAC)
    found = []
    for recipient in Recipient:
        if recipient not in asked:
            continue
        if recipient is Recipient.MARAC:
            found.append(_coordinator(table, recipient, area, standing, CaseRole.COORDINATOR))
        else:
            found.append(
                _by_rows(table, recipient, area, needs, standing)
                or _coordinator(table, recipient, area, standing, CaseRole.ALERTED)
            )
    return tuple(found)


def researchers(
    table: RoutingTable, area: str, standing: Mapping[str, Standing]
) -> tuple[str, ...]:
    """Return the agencies asked to search their records for a case of this area, in order."""
    asked = table.research.get(area, ())
    return tuple(agency for agency in asked if not _unusable(agency, standing))


def preview(
    table: RoutingTable,
    matrix: Matrix,
    area: str,
    needs: frozenset[Need],
    directory: Mapping[str, Standing],
) -> tuple[tuple[str, AgencyKind, tuple[str, ...]], ...]:
    """Return whom a sender seals protected address and safe contact to, and which of the two.

    These are the agencies that routing would find and whose column gives the row in full without
    a condition. A refuge seals to itself. Nothing of any case enters, so the answer tells nothing.
    """
    sealed = []
    for found in route(table, _SEALED_FOR, area, needs, directory):
        kind = table.agencies[found.agency_id].kind
        sections = tuple(
            section
            for section in sorted(matrix.exclusive)
            if _is_full(matrix, matrix.section_category[section], kind)
        )
        if sections:
            sealed.append((found.agency_id, kind, sections))
    return tuple(dict.fromkeys(sealed))


def _is_full(matrix: Matrix, category: Category, kind: AgencyKind) -> bool:
    """Whether a cell gives full for any purpose, asking nothing else."""
    return any(
        way.level is Level.FULL and way.condition is None
        for way in matrix.cells.get((category, kind), ())
    )


def _by_rows(
    table: RoutingTable,
    recipient: Recipient,
    area: str,
    needs: frozenset[Need],
    standing: Mapping[str, Standing],
) -> Route | None:
    """Return the route of the first matching row that has a usable agency, or None."""
    passed = ""
    for row in table.rows:
        if not row.matches(recipient, area, needs):
            continue
        for agency_id, step in _candidates(row):
            fault = _unusable(agency_id, standing)
            if not fault:
                because = f"{step}-after-{passed}" if passed else step
                return Route(recipient, agency_id, row.role, row.id, because)
            passed = passed or fault
    return None


def _candidates(row: Row) -> Iterator[tuple[str, str]]:
    """Yield the agencies a row names, and what choosing each is called."""
    yield row.agency_id, "row"
    if row.fallback:
        yield row.fallback, "fallback"


def _coordinator(
    table: RoutingTable,
    recipient: Recipient,
    area: str,
    standing: Mapping[str, Standing],
    role: CaseRole,
) -> Route:
    """Return a route to the area's coordinator, else to another's.

    If none is usable it is the area's own all the same: the case waits there, and the wall of
    the disclosure rule keeps a conflicted coordinator out.
    """
    here = [agency for of, agency in table.coordinators if of == area]
    others = [agency for of, agency in table.coordinators if of != area]
    is_stand_in = recipient is not Recipient.MARAC
    for agency_id in here:
        if not _unusable(agency_id, standing):
            because = "coordinator-stands-in" if is_stand_in else "coordinator-of-area"
            return Route(recipient, agency_id, role, _row_id(table, agency_id), because)
    for agency_id in others:
        if not _unusable(agency_id, standing):
            because = "coordinator-of-other-area"
            return Route(recipient, agency_id, role, _row_id(table, agency_id), because)
    last = (here or others)[0]
    return Route(recipient, last, role, _row_id(table, last), "last-resort")


def _row_id(table: RoutingTable, agency_id: str) -> str:
    """Return the row that makes an agency a coordinator."""
    rows = (row.id for row in table.rows if row.agency_id == agency_id)
    return next(rows, NO_ROW)


def _unusable(agency_id: str, standing: Mapping[str, Standing]) -> str:
    """Return why an agency cannot be routed to, or ""; unknown is never usable."""
    known = standing.get(agency_id)
    if known is None:
        return "unknown"
    if known.is_conflicted:
        return "conflicted"
    return "suspended" if known.is_suspended else ""
