"""Owns the locked boxes of a case: its key, and the sections that agencies contribute."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.errors import NotFound, Unavailable, Undecipherable
from gateway.ledger import Work
from gateway.schemas.json_text import dump, load
from gateway.sealing import cells
from gateway.sealing import sections as seal
from gateway.sealing.keys import case_context
from gateway.store import cases, ids, sections
from gateway.store.sections import SealedSection, SectionRow

ALERT_PART = "ALERT"  # who referred and how to reach them, for whoever is only alerted
SCAN_PART = "SCAN"  # what to look for on every way out; granted to nobody
BEFORE_PART = "BEFORE"  # what a section said before words were taken out; granted to nobody
DRAFT_PART = "DRAFT"  # a paragraph of minutes that were not sent out; granted to nobody
UNREAD_PARTS = frozenset({SCAN_PART, BEFORE_PART, DRAFT_PART})  # not yet, or never, contributed
GATEWAY = "@gateway"  # no agency can have this id: "@" is not in the pattern of one


@dataclass(frozen=True, slots=True)
class CaseKey:
    """The key of one case, open for the length of one Work."""

    case_id: str
    gen: int
    key: bytes = field(repr=False)
    wrapping: cells.Ready = field(init=False, repr=False, compare=False)  # the same, for its grants

    def __post_init__(self) -> None:
        object.__setattr__(self, "wrapping", cells.ready(self.key))


@dataclass(frozen=True, slots=True)
class Box:
    """A section about to be stored. `audience` is set for a copy only that agency can open."""

    name: str
    part: str
    content: Any = field(repr=False)
    audience: str | None = None


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one agency adds to a case at one moment."""

    owner_id: str
    at: datetime
    boxes: Sequence[Box] = field(repr=False)


def new_case_key(work: Work, case_id: str) -> CaseKey:
    """Make, wrap and store the key of a new case."""
    key = cells.new_key()
    epoch, wrapped = work.keys.provider.wrap(key, case_context(case_id, 1))
    sections.add_case_key(
        work.session, case_id=case_id, gen=1, epoch=epoch, wrapped=wrapped, made_at=work.now
    )
    return CaseKey(case_id, 1, key)


def open_case_key(work: Work, case_id: str) -> CaseKey:
    """Open the key of a case: one call to the key provider.

    The case is locked with it: whoever writes under a key must not meet its exchange half way.

    :raises NotFound: if the case was erased meanwhile.
    :raises Undecipherable: if the key was destroyed.
    """
    cases.lock_case(work.session, case_id)
    return read_case_key(work, case_id)


def lock_standing(work: Work, case_ids: Sequence[str]) -> list[str]:
    """Lock each case for who keeps its keys; those that stand. One may be erased meanwhile."""
    standing = []
    for case_id in case_ids:
        with suppress(NotFound), work.keeping(case_id):
            cases.lock_case(work.session, case_id)
            standing.append(case_id)
    return standing


def read_case_key(work: Work, case_id: str) -> CaseKey:
    """The same for who only reads, and keeps the case from being changed as `load` does.

    Whoever locked it once as a reader and then as a writer would wait for another reader who does
    the same, and that one for it.

    :raises Undecipherable: if the key was destroyed.
    """
    keys = open_case_keys(work, [case_id])
    if case_id not in keys:
        raise Undecipherable("The key of this case was destroyed.")
    return keys[case_id]


def open_case_keys(work: Work, case_ids: Sequence[str]) -> dict[str, CaseKey]:
    """Open the keys of several cases; cases whose key was destroyed are absent."""
    stored = sections.list_case_keys(work.session, case_ids)
    return {case_id: _unwrap(work, case_id, *wrapped) for case_id, wrapped in stored.items()}


def _unwrap(work: Work, case_id: str, gen: int, epoch: str, wrapped: bytes) -> CaseKey:
    try:
        key = work.keys.provider.unwrap(epoch, wrapped, case_context(case_id, gen))
    except Undecipherable:  # nothing that was sent is at fault
        raise Unavailable("The key of this case cannot be opened.") from None
    return CaseKey(case_id, gen, key)


def seal_value(key: CaseKey, *, table: str, column: str, row: str, value: bytes) -> bytes:
    """Seal one value that belongs to a case but to no section, such as the signed document."""
    return cells.seal_cell(
        key.key,
        table=table,
        column=column,
        row=row,
        case=key.case_id,
        gen=key.gen,
        plaintext=value,
    )


def open_value(key: CaseKey, *, table: str, column: str, row: str, cell: bytes) -> bytes:
    """Open what `seal_value` sealed in the same place.

    :raises Undecipherable: if it was moved or changed.
    """
    return cells.open_cell(
        key.key, table=table, column=column, row=row, case=key.case_id, cell=cell
    )


def contribute(work: Work, key: CaseKey, new: Contribution) -> dict[SectionRow, bytes]:
    """Seal and store sections, each under a key of its own. Gives the sections with their keys.

    Nobody can read them before `regrant` or `grant_new`.
    """
    stored: list[SealedSection] = []
    section_keys: dict[SectionRow, bytes] = {}
    for box in new.boxes:
        section_id = ids.new(new.at, work.chance)
        section_key = seal.new_section_key()
        row = SectionRow(section_id, key.case_id, box.name, box.part, box.audience, new.owner_id)
        section_keys[row] = section_key
        stored.append(seal_box(key, row, section_key, dump(box.content)))
    sections.add_sections(work.session, stored, at=new.at)
    return section_keys


def replace_own(work: Work, key: CaseKey, new: Contribution, *, among: Collection[str]) -> None:
    """Put aside what an owner contributed under these names, and store what takes its place.

    Nobody can read the new sections before `regrant`, and of the old nobody holds a key any more.
    """
    old = [
        row.section_id
        for row in sections.list_sections(work.session, [key.case_id])
        if row.owner_id == new.owner_id and row.name in among and row.part not in UNREAD_PARTS
    ]
    if old:
        sections.drop_grants(work.session, case_id=key.case_id, section_ids=old)
        sections.set_aside(work.session, case_id=key.case_id, section_ids=old, at=new.at)
    contribute(work, key, new)


def open_part(work: Work, key: CaseKey, name: str) -> list[Any]:
    """Open the full text of a section for a rule that has to know whether something is there."""
    rows = sections.list_sections(work.session, [key.case_id])
    wanted = [row for row in rows if row.name == name and row.part == "FULL"]
    return _open_for_gateway(work, {key.case_id: key}, wanted).get(key.case_id, [])


def open_for_gateway(work: Work, keys: Mapping[str, CaseKey], part: str) -> dict[str, list[Any]]:
    """Open a part that no agency holds, by case: what the gateway itself has to look at."""
    found: dict[str, list[Any]] = {}
    for case_id, section_id, wrapped, content in sections.list_part(
        work.session, list(keys), part=part
    ):
        opened = _open(keys[case_id], section_id, wrapped, content)
        found.setdefault(case_id, []).append(opened)
    return found


def open_named(
    work: Work, keys: Mapping[str, CaseKey], names: Sequence[str]
) -> list[tuple[SectionRow, Any]]:
    """Open the full text of some sections without a grant, for what was decided and recorded."""
    rows = [
        row
        for row in sections.list_sections(work.session, list(keys))
        if row.name in names and row.part == "FULL" and row.audience is None
    ]
    return [
        (row, content)
        for row in rows
        for content in _open_for_gateway(work, keys, [row])[row.case_id]
    ]


def open_section(work: Work, key: CaseKey, row: SectionRow) -> Any:
    """Open one section without a grant, for what was decided and recorded."""
    return _open_for_gateway(work, {key.case_id: key}, [row])[key.case_id][0]


def _open_for_gateway(
    work: Work, keys: Mapping[str, CaseKey], rows: Sequence[SectionRow]
) -> dict[str, list[Any]]:
    ids = [row.section_id for row in rows]
    wrapped = sections.list_keys(work.session, ids) if ids else {}
    contents = sections.list_contents(work.session, ids) if ids else {}
    found: dict[str, list[Any]] = {}
    for row in rows:
        key, section_id = keys[row.case_id], row.section_id
        opened = _open(key, section_id, wrapped[section_id], contents[section_id])
        found.setdefault(row.case_id, []).append(opened)
    return found


def _open(key: CaseKey, section_id: str, wrapped: bytes, content: bytes) -> Any:
    section_key = seal.open_grant(
        key.wrapping, wrapped, case_id=key.case_id, section_id=section_id, agency_id=GATEWAY
    )
    plain = seal.open_section_content(
        section_key, content, case_id=key.case_id, section_id=section_id
    )
    return load(plain)


def seal_box(key: CaseKey, row: SectionRow, section_key: bytes, content: bytes) -> SealedSection:
    wrapped = seal.wrap_grant(
        key.wrapping,
        section_key,
        case_id=key.case_id,
        section_id=row.section_id,
        agency_id=GATEWAY,
    )
    sealed = seal.seal_section_content(
        section_key, content, case_id=key.case_id, section_id=row.section_id
    )
    return SealedSection(row, wrapped, sealed)
