"""Owns the rule tables as a whole: read once at start, proved, versioned by their content."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from gateway.errors import BrokenTable, NotFound
from gateway.profiles.areas import Area, Capacity, load_area
from gateway.profiles.consent import load_consent
from gateway.profiles.fields import FieldTable, load_fields
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

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Shared:
    """The tables that all areas share."""

    consent: ConsentTable
    instruments: Mapping[str, Instrument]
    matrix: Matrix
    routing: RoutingTable
    fields: FieldTable
    legal: LegalTable
    rates: Mapping[Limited, Rate]
    versions: Mapping[str, str]


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
    working_days: WorkingDays
    instruments: Mapping[str, Instrument]
    consent: ConsentTable
    matrix: Matrix
    routing: RoutingTable
    fields: FieldTable
    legal: LegalTable
    versions: Mapping[str, str]


class Profiles:
    """Every area's profile; immutable, safe to share between threads."""

    def __init__(self, shared: Shared, areas: Iterable[tuple[Area, str]]) -> None:
        by_area: dict[str, list[tuple[Area, Profile]]] = {}
        for area, version in areas:
            by_area.setdefault(area.id, []).append((area, _profile(shared, area, version)))
        for versions in by_area.values():
            versions.sort(key=lambda each: each[0].effective_from)
        self._by_area = by_area
        self._matrix = shared.matrix
        self._rates = shared.rates
        self._outward = _outward(versions[-1][0] for versions in by_area.values())

    @classmethod
    def load(cls, folder: Path | None = None) -> Profiles:
        """Return all profiles of a folder; without one, those that ship with the service.

        :raises BrokenTable: if a table is missing, empty, partial or contradictory; the message
            names file and row.
        """
        return _load(folder or HERE)

    @property
    def areas(self) -> tuple[str, ...]:
        """Return the codes of all areas, sorted."""
        return tuple(sorted(self._by_area))

    @property
    def matrix(self) -> Matrix:
        """Return the need-to-know table, which the whole partnership shares."""
        return self._matrix

    @property
    def rates(self) -> Mapping[Limited, Rate]:
        """Return how often an agency may do what."""
        return self._rates

    def for_area(self, area: str, on: date) -> Profile:
        """Return what holds in an area on a day.

        :raises NotFound: if there is no such area, or not yet on that day.
        """
        for version, profile in reversed(self._by_area.get(area, [])):
            if version.effective_from <= on:
                return profile
        raise NotFound("There is no such area on that day.")

    def area_of(self, outward: str) -> str | None:
        """Return the area that an outward postcode lies in, or None."""
        return self._outward.get(outward.strip().upper())


def _load(folder: Path) -> Profiles:
    versions: dict[str, str] = {}

    def read(name: str) -> Mapping[str, Any]:
        data, versions[name] = _read(folder / f"{name}.toml")
        return data

    fields = load_fields(read("fields"))
    instruments = {}
    for path in _files(folder / "instruments"):
        data, version = _read(path)
        instrument = load_instrument(data, f"instruments/{path.stem}")
        if instrument.key in instruments:
            raise BrokenTable(f"instruments/{path.stem}: this version stands there twice")
        instruments[instrument.key], versions[instrument.key] = instrument, version
    shared = Shared(
        consent=load_consent(read("consent")),
        instruments=MappingProxyType(instruments),
        matrix=load_matrix(
            read("matrix"),
            section_category={each: fields.category(each) for each in fields.sections},
            exclusive=_of_class(fields, DataClass.EXCLUSIVE),
            owned=_of_class(fields, DataClass.OWNER),
        ),
        routing=load_routing(read("routing")),
        fields=fields,
        legal=load_legal(read("legal")),
        rates=load_rates(_read(folder / "rates.toml")[0]),
        versions=versions,
    )
    return Profiles(shared, tuple(_areas(folder, shared)))


def _areas(folder: Path, shared: Shared) -> Iterator[tuple[Area, str]]:
    """Yield each area profile with its version, once it fits the tables that all areas share."""
    seen = set()
    clocks = {row.clock for row in shared.consent.rows if row.clock}
    for path in _files(folder / "areas"):
        data, version = _read(path)
        area = load_area(data, f"areas/{path.stem}")
        if (area.id, area.effective_from) in seen:
            raise BrokenTable(f"areas/{path.stem}: stands there twice from the same day")
        seen.add((area.id, area.effective_from))
        if area.id not in shared.routing.areas:
            raise BrokenTable(f"areas/{path.stem}: nobody coordinates it in the routing table")
        if not area.criteria.visible_high_risk.keys() <= shared.instruments.keys():
            raise BrokenTable(f"areas/{path.stem} criteria: cites no known instrument")
        if not clocks <= area.clocks.keys():
            raise BrokenTable(f"areas/{path.stem} clocks: lacks one that the consent table cites")
        yield area, version


def _files(folder: Path) -> list[Path]:
    found = sorted(folder.glob("*.toml"))
    if not found:
        raise BrokenTable(f"{folder.name}: there is no table in it")
    return found


def _read(path: Path) -> tuple[Mapping[str, Any], str]:
    """Return a parsed file and the SHA-256 of its bytes."""
    try:
        raw = path.read_bytes()
        return tomllib.loads(raw.decode()), sha256(raw).hexdigest()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise BrokenTable(f"{path.name}: cannot be read as TOML") from None


def _of_class(fields: FieldTable, data_class: DataClass) -> frozenset[str]:
    return frozenset(each for each in fields.sections if fields.data_class(each) is data_class)


def _profile(shared: Shared, area: Area, version: str) -> Profile:
    return Profile(
        area=area.id,
        name=area.name,
        nation=area.nation,
        zone=area.zone,
        criteria=area.criteria,
        repeat=area.repeat,
        clocks=area.clocks,
        capacity=area.capacity,
        working_days=area.working_days,
        instruments=shared.instruments,
        consent=shared.consent,
        matrix=shared.matrix,
        routing=shared.routing,
        fields=shared.fields,
        legal=shared.legal,
        versions=MappingProxyType({**shared.versions, "area": version}),
    )


def _outward(areas: Iterable[Area]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for area in areas:
        for code in area.outward_postcodes:
            if code in found:
                raise BrokenTable(f"area {area.id}: an outward postcode belongs to another area")
            found[code] = area.id
    return found
