"""Owns the table of fields: section, category, class and protection of every published field."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from gateway.errors import BrokenTable
from gateway.profiles.reading import Row
from gateway.schemas.codes import Category, DataClass
from gateway.schemas.forms import FORMS, SEALED_FORMS
from gateway.schemas.paths import leaves
from gateway.schemas.sections import SEALED, SUMMARISED

SHIPPED = Path(__file__).parent / "fields.toml"


@dataclass(frozen=True, slots=True)
class FieldRow:
    """Where one field belongs. `path` is as in `gateway.schemas.paths`."""

    path: str
    category: Category
    data_class: DataClass
    section: str
    is_protected: bool  # looked for on every way out


@dataclass(frozen=True, slots=True)
class Section:
    """A unit of sealing and disclosure."""

    name: str
    category: Category
    data_class: DataClass
    is_returned: bool = False  # by an agency for a conference, and read there
    is_kept: bool = False  # by its owner for itself, although the gateway can open it


class FieldTable:
    """Every published field, each in exactly one section; immutable.

    `rows` maps path to row, `sections` names the sections in the order of the table, and
    `section_of` maps path to section, as `gateway.rules.sections.split` takes it.
    """

    def __init__(self, sections: Iterable[Section], rows: Iterable[FieldRow]) -> None:
        self._sections = {section.name: section for section in sections}
        self.rows: Mapping[str, FieldRow] = MappingProxyType({row.path: row for row in rows})
        self.section_of: Mapping[str, str] = MappingProxyType(
            {path: row.section for path, row in self.rows.items()}
        )

    @cached_property
    def protected(self) -> Mapping[str, tuple[str, ...]]:
        """Return the protected paths of each section that the gateway can read."""
        found: dict[str, list[str]] = {}
        for row in self.rows.values():
            if row.is_protected and row.data_class is DataClass.GATEWAY:
                found.setdefault(row.section, []).append(row.path)
        return MappingProxyType({section: tuple(paths) for section, paths in found.items()})

    @property
    def sections(self) -> tuple[str, ...]:
        """Return the names of all sections, those without a field of the form included."""
        return tuple(self._sections)

    @property
    def returned(self) -> frozenset[str]:
        """Return the sections that agencies return for a conference."""
        return frozenset(name for name, each in self._sections.items() if each.is_returned)

    @property
    def kept(self) -> frozenset[str]:
        """Return the sections that their owner alone reads, whatever the matrix gives others."""
        return frozenset(
            name
            for name, each in self._sections.items()
            if each.is_kept or each.data_class is DataClass.OWNER
        )

    def category(self, section: str) -> Category:
        """Return the row of the need-to-know matrix that decides about a section."""
        return self._sections[section].category

    def data_class(self, section: str) -> DataClass:
        """Return who can read a section at all."""
        return self._sections[section].data_class


def published_paths() -> tuple[str, ...]:
    """Return every leaf of the referral form, then of the sealed sections ("sealed.…")."""
    sealed = (leaves(form, f"sealed.{name}") for name, form in SEALED_FORMS.items())
    return (*leaves(FORMS["referral/1"]), *(path for each in sealed for path in each))


def load_fields(data: Mapping[str, object]) -> FieldTable:
    """Return the table of a parsed fields.toml, proved complete.

    :raises BrokenTable: naming the row, if a published field has no row or two, a row stands for
        no field, or a section is not as it must be.
    """
    sections: list[Section] = []
    rows: dict[str, FieldRow] = {}
    with Row(data, "fields") as table, table.row("section") as listed:
        for name in listed:
            section, found = _section(name, listed.row(name))
            sections.append(section)
            for row in found:
                if row.path in rows:
                    raise BrokenTable(f"fields: {row.path} has two rows")
                rows[row.path] = row
    _prove(sections, rows)
    return FieldTable(sections, rows.values())


def load(path: Path = SHIPPED) -> FieldTable:
    """Return the table of a file; without one, the table that ships with the service.

    :raises BrokenTable: as `load_fields`.
    """
    return load_fields(tomllib.loads(path.read_text(encoding="utf-8")))


def _section(name: str, row: Row) -> tuple[Section, list[FieldRow]]:
    with row:
        section = Section(
            name,
            row.code("category", Category),
            row.code("class", DataClass),
            row.take("returned", bool, False),
            row.take("kept", bool, False),
        )
        paths = row.texts("fields")
        protected = row.texts("protected", [])
    for path in protected:
        if path not in paths:
            raise BrokenTable(f"fields: {path} is protected in {name} and stands elsewhere")
    is_sealed = section.data_class is DataClass.EXCLUSIVE
    return section, [
        FieldRow(
            path=path,
            category=section.category,
            data_class=section.data_class,
            section=name,
            is_protected=is_sealed or path in protected,
        )
        for path in paths
    ]


def _prove(sections: Iterable[Section], rows: Mapping[str, FieldRow]) -> None:
    published = published_paths()
    for path in published:
        if path not in rows:
            raise BrokenTable(f"fields: {path} has no row")
    for path in rows.keys() - set(published):
        raise BrokenTable(f"fields: {path} is no published field")
    for fault in _misplaced(rows.values()):
        raise BrokenTable(fault)
    names = {section.name: section.data_class for section in sections}
    if {name for name in names if names[name] is DataClass.EXCLUSIVE} != set(SEALED):
        raise BrokenTable("fields: the EXCLUSIVE sections are not those that clients seal")
    for name in SUMMARISED:
        if names.get(name) is not DataClass.GATEWAY:
            raise BrokenTable(f"fields: {name} has a summary and is no GATEWAY section")


def _misplaced(rows: Iterable[FieldRow]) -> Iterator[str]:
    """A sealed plaintext belongs to its own section, and a summary to the section it sums up."""
    for row in rows:
        group, _, rest = row.path.partition(".")
        is_sealed = row.data_class is DataClass.EXCLUSIVE
        if is_sealed != (group == "sealed"):
            yield f"fields: {row.path} stands in a section of the wrong class"
        if group in ("sealed", "summaries") and rest.split(".")[0] != row.section:
            yield f"fields: {row.path} stands in another section than its own"
