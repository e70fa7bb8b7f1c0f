"""Owns the rule tables as a whole: read once at start, proved, versioned by their content."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, tzinfo
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from gateway.errors import BrokenTable, NotFound
from gateway.profiles.areas import Area, Capacity, Population, load_area
from gateway.profiles.consent import load_consent
from gateway.profiles.declaration import Declaration, load_declaration
from gateway.profiles.fields import FieldTable, load_fields
from gateway.profiles.files import (
    Edition,
    Editions,
    File,
    editions,
    in_force,
    list_files,
    naming,
)
from gateway.profiles.instruments import load_instrument
from gateway.profiles.legal import LegalTable, load_legal
from gateway.profiles.matrix import load_matrix
from gateway.profiles.rates import Rate, load_rates
from gateway.profiles.routes import load_routing
from gateway.rules.clocks import Clock, WorkingDays
from gateway.rules.consent import ConsentTable
from gateway.rules.criteria import CriteriaRules
from gateway.rules.matching import RepeatRule
from gateway.rules.matrix import Matrix
from gateway.rules.risk import Instrument
from gateway.rules.routing import RoutingTable
from gateway.schemas.codes import DataClass, Limited
from gateway.schemas.sections import SEALED_READERS

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Shared:
    """The tables that all areas share, in every version that lies there."""

    consent: Editions[ConsentTable]
    matrix: Editions[Matrix]
    routing: Editions[RoutingTable]
    legal: Editions[LegalTable]
    instruments: Mapping[str, Instrument]
    fields: FieldTable
    rates: Mapping[Limited, Rate]
    declaration: Declaration
    versions: Mapping[str, str]  # of what has one version at a time

    def starts(self) -> set[date]:
        """Return each day on which a table begins to count."""
        dated = (self.consent, self.matrix, self.routing, self.legal)
        return {each.effective_from for versions in dated for each in versions}


@dataclass(frozen=True, slots=True)
class Profile:
    """All rule tables as they hold in one area on one day.

    `versions` gives the SHA-256 of the file each table came from ("area", "consent", "matrix",
    "routing", "fields", "legal", and each instrument as "DASH_RIC@1"); a stored decision cites it.
    """

    area: str
    name: str
    nation: str
    zone: ZoneInfo
    criteria: CriteriaRules
    repeat: RepeatRule
    clocks: Mapping[str, Clock]
    capacity: Capacity
    population: Population | None
    working_days: WorkingDays
    instruments: Mapping[str, Instrument]
    consent: ConsentTable
    matrix: Matrix
    routing: RoutingTable
    fields: FieldTable
    legal: LegalTable
    versions: Mapping[str, str]
    effective_from: date


class Profiles:
    """Every area's profile; immutable, safe to share between threads."""

    def __init__(self, shared: Shared, areas: Mapping[str, Editions[Area]]) -> None:
        self._by_area = {
            area_id: tuple(_profiles(shared, versions)) for area_id, versions in areas.items()
        }
        self._matrix = shared.matrix
        self._rates = shared.rates
        self._declaration = shared.declaration
        self._outward = _outward(versions[-1].table for versions in areas.values())

    @classmethod
    def load(cls, folder: Path | None = None, *, instead: Path | None = None) -> Profiles:
        """Return all profiles of a folder; without one, those that ship with the service.

        `instead` is a single file that takes the place of the folder's versions of that table.

        :raises BrokenTable: if a table is missing, empty, partial or contradictory; the message
            names file and row.
        """
        files = list_files(folder or HERE, instead)
        shared = _shared(files)
        return cls(shared, _areas(files["areas"], shared))

    @property
    def areas(self) -> tuple[str, ...]:
        """Return the codes of all areas, sorted."""
        return tuple(sorted(self._by_area))

    def zone(self, area: str) -> tzinfo:
        """Return by which clock an area lives; UTC for one that is not there."""
        versions = self._by_area.get(area)
        return versions[-1].zone if versions else UTC

    @property
    def rates(self) -> Mapping[Limited, Rate]:
        """Return how often an agency may do what."""
        return self._rates

    @property
    def declaration(self) -> Declaration:
        """Return what everybody signs before a case is opened in a meeting."""
        return self._declaration

    def matrix(self, on: date) -> Matrix:
        """Return the need-to-know table of a day, which the whole partnership shares.

        :raises NotFound: if there is none yet on that day.
        """
        found = in_force(self._matrix, on)
        if found is None:
            raise NotFound("There is no need-to-know table on that day.")
        return found.table

    def for_area(self, area: str, on: date) -> Profile:
        """Return what holds in an area on a day.

        :raises NotFound: if there is no such area, or not yet on that day.
        """
        for profile in reversed(self._by_area.get(area, ())):
            if profile.effective_from <= on:
                return profile
        raise NotFound("There is no such area on that day.")

    def history(self, area: str) -> tuple[Profile, ...]:
        """Return everything that holds in an area at some time, the earliest first."""
        return self._by_area.get(area, ())

    def area_of(self, outward: str) -> str | None:
        """Return the area that an outward postcode lies in, or None."""
        return self._outward.get(outward.strip().upper())


def _shared(files: Mapping[str, tuple[File, ...]]) -> Shared:
    versions = {"fields": files["fields"][0].version}
    with naming(files["fields"][0]):
        fields = load_fields(files["fields"][0].data)
    instruments = {}
    for file in files["instruments"]:
        instrument = load_instrument(file.data, file.name)
        if instrument.key in instruments:
            raise BrokenTable(f"{file.name}: this version stands there twice")
        instruments[instrument.key], versions[instrument.key] = instrument, file.version
    sections = {each: fields.category(each) for each in fields.sections}
    exclusive, owned = _of_class(fields, DataClass.EXCLUSIVE), fields.kept
    return Shared(
        consent=editions(files["consent"], load_consent),
        matrix=editions(
            files["matrix"],
            lambda data: _prove_readers(
                load_matrix(
                    data,
                    section_category=sections,
                    exclusive=exclusive,
                    owned=owned,
                    returned=fields.returned,
                )
            ),
        ),
        routing=editions(files["routing"], load_routing),
        legal=editions(files["legal"], load_legal),
        instruments=MappingProxyType(instruments),
        fields=fields,
        rates=load_rates(files["rates"][0].data),
        declaration=load_declaration(files["declaration"][0].data, files["declaration"][0].version),
        versions=versions,
    )


def _prove_readers(matrix: Matrix) -> Matrix:
    """Refuse a matrix that opens a sealed section to a kind to which no client would seal it."""
    for section, readers in SEALED_READERS.items():
        if others := matrix.readers(section) - readers:
            raise BrokenTable(f"matrix: {section} is opened to {min(others)}, which no client does")
    return matrix


def _areas(files: Iterable[File], shared: Shared) -> Mapping[str, Editions[Area]]:
    """Return each area's versions, once each fits the tables that all areas share."""
    by_area: dict[str, list[Edition[Area]]] = {}
    for file in files:
        area = load_area(file.data, file.name)
        versions = by_area.setdefault(area.id, [])
        if any(each.effective_from == area.effective_from for each in versions):
            raise BrokenTable(f"{file.name}: stands there twice from the same day")
        _check_area(area, file.name, shared)
        versions.append(Edition(area, file.version, area.effective_from))
    return {
        area_id: tuple(sorted(versions, key=lambda each: each.effective_from))
        for area_id, versions in by_area.items()
    }


def _check_area(area: Area, name: str, shared: Shared) -> None:
    """Refuse an area that one version of a shared table leaves without what it needs."""
    if not all(area.id in each.table.areas for each in shared.routing):
        raise BrokenTable(f"{name}: nobody coordinates it in the routing table")
    for cited, least in area.criteria.visible_high_risk.items():
        if cited not in shared.instruments:
            raise BrokenTable(f"{name} criteria: cites no known instrument")
        if least > shared.instruments[cited].maximum:
            raise BrokenTable(f"{name} criteria: no answers to {cited} reach {least}")
    cited_clocks = {row.clock for each in shared.consent for row in each.table.rows if row.clock}
    if not cited_clocks <= area.clocks.keys():
        raise BrokenTable(f"{name} clocks: lacks one that the consent table cites")


def _of_class(fields: FieldTable, data_class: DataClass) -> frozenset[str]:
    return frozenset(each for each in fields.sections if fields.data_class(each) is data_class)


def _profiles(shared: Shared, versions: Editions[Area]) -> Iterator[Profile]:
    """Yield what holds in one area from each day on which something begins to count."""
    for day in sorted(shared.starts() | {each.effective_from for each in versions}):
        area = in_force(versions, day)
        consent = in_force(shared.consent, day)
        matrix = in_force(shared.matrix, day)
        routing = in_force(shared.routing, day)
        legal = in_force(shared.legal, day)
        if area and consent and matrix and routing and legal:
            yield _profile(shared, day, area, consent, matrix, routing, legal)


def _profile(
    shared: Shared,
    day: date,
    area: Edition[Area],
    consent: Edition[ConsentTable],
    matrix: Edition[Matrix],
    routing: Edition[RoutingTable],
    legal: Edition[LegalTable],
) -> Profile:
    own = area.table
    cited: dict[str, Edition[Any]] = {
        "area": area,
        "consent": consent,
        "matrix": matrix,
        "routing": routing,
        "legal": legal,
    }
    versions = {name: edition.version for name, edition in cited.items()}
    return Profile(
        area=own.id,
        name=own.name,
        nation=own.nation,
        zone=own.zone,
        criteria=own.criteria,
        repeat=own.repeat,
        clocks=own.clocks,
        capacity=own.capacity,
        population=own.population,
        working_days=own.working_days,
        instruments=shared.instruments,
        consent=consent.table,
        matrix=matrix.table,
        routing=routing.table,
        fields=shared.fields,
        legal=legal.table,
        versions=MappingProxyType({**shared.versions, **versions}),
        effective_from=day,
    )


def _outward(areas: Iterable[Area]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for area in areas:
        for code in area.outward_postcodes:
            if code in found:
                raise BrokenTable(f"area {area.id}: an outward postcode belongs to another area")
            found[code] = area.id
    return found
