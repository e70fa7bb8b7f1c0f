"""Owns the locked boxes of a case: contributing sections, and deriving who holds which key.

Grants are derived, never edited: the same facts and rules that decide a reading decide which
section keys are wrapped for which agency. A grant is the ceiling, the decision the gate.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.disclosure.facts import list_facts
from gateway.errors import Undecipherable
from gateway.ledger import Work
from gateway.profiles.loader import Profile
from gateway.rules import disclosure as rule
from gateway.rules.facts import Allowed, Caller, CaseFacts, Membership
from gateway.schemas.codes import Level
from gateway.sealing import cells
from gateway.sealing import sections as seal
from gateway.sealing.keys import case_context
from gateway.store import ids, sections
from gateway.store.sections import GrantRow, SealedSection, SectionRow

ALERT_PART = "ALERT"  # who referred and how to reach them, for whoever is only alerted
SCAN_PART = "SCAN"  # protected values to look for on every way out; granted to nobody
GATEWAY = "@gateway"  # no agency can have this id: "@" is not in the pattern of one


@dataclass(frozen=True, slots=True)
class CaseKey:
    """The key of one case, open for the length of one Work."""

    case_id: str
    gen: int
    key: bytes = field(repr=False)


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
    sections.add_case_key(work.session, case_id=case_id, gen=1, epoch=epoch, wrapped=wrapped)
    return CaseKey(case_id, 1, key)


def open_case_key(work: Work, case_id: str) -> CaseKey:
    """Open the key of a case: one call to the key provider.

    :raises Undecipherable: if it was destroyed.
    """
    keys = open_case_keys(work, [case_id])
    if case_id not in keys:
        raise Undecipherable("The key of this case was destroyed.")
    return keys[case_id]


def open_case_keys(work: Work, case_ids: Sequence[str]) -> dict[str, CaseKey]:
    """Open the keys of several cases; cases whose key was destroyed are absent."""
    stored = sections.list_case_keys(work.session, case_ids)
    return {
        case_id: CaseKey(
            case_id, gen, work.keys.provider.unwrap(epoch, wrapped, case_context(case_id, gen))
        )
        for case_id, (gen, epoch, wrapped) in stored.items()
    }


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
        section_id = ids.new(new.at)
        section_key = seal.new_section_key()
        row = SectionRow(section_id, key.case_id, box.name, box.part, box.audience, new.owner_id)
        section_keys[row] = section_key
        stored.append(_seal(key, row, section_key, _dump(box.content)))
    sections.add_sections(work.session, stored, at=new.at)
    return section_keys


def grant_new(
    work: Work,
    key: CaseKey,
    profile: Profile,
    facts: CaseFacts,
    contributed: Mapping[SectionRow, bytes],
) -> None:
    """Derive the first grants of a new case, whose facts are at hand and not yet to be read."""
    due = derive(facts, contributed, profile)
    sections.add_grants(
        work.session,
        [
            _grant(key, row.section_id, agency_id, section_key)
            for row, section_key in contributed.items()
            for agency_id in sorted(due[row.section_id])
        ],
    )


def regrant(
    work: Work,
    key: CaseKey,
    profile: Profile,
    *,
    known: Mapping[SectionRow, bytes] | None = None,
) -> None:
    """Derive all grants of a case anew from its facts, in the transaction that changed them.

    A section that somebody loses is put under a new key, so that a key once handed out opens
    nothing any more. `known` are section keys at hand, by section id.
    """
    session = work.session
    facts = list_facts(session, [key.case_id])[key.case_id]
    rows = sections.list_sections(session, [key.case_id])
    due = derive(facts, rows, profile)
    held = _held(work, key.case_id)
    lost = {section_id for section_id, agencies in held.items() if agencies - due[section_id]}
    gaining = {
        section_id: sorted(agencies if section_id in lost else agencies - held[section_id])
        for section_id, agencies in due.items()
    }
    needed = [section_id for section_id, agencies in gaining.items() if agencies]
    at_hand = {row.section_id: section_key for row, section_key in (known or {}).items()}
    section_keys = _open_keys(work, key, {*needed, *lost}, at_hand)
    if lost:
        standing = [row for row in rows if row.section_id in lost]
        section_keys |= _rekey(work, key, standing, section_keys)
        sections.drop_grants(session, case_id=key.case_id, section_ids=sorted(lost))
    sections.add_grants(
        session,
        [
            _grant(key, section_id, agency_id, section_keys[section_id])
            for section_id in needed
            for agency_id in gaining[section_id]
        ],
    )


def derive(facts: CaseFacts, rows: Iterable[SectionRow], profile: Profile) -> dict[str, set[str]]:
    """Which agencies may hold the key of each section: section id to agency ids."""
    due: dict[str, set[str]] = {}
    ceilings = {
        member.agency_id: rule.highest(
            facts,
            Caller(member.agency_id, member.kind, ""),
            profile.matrix,
            profile.matrix.telling(member.kind),
        )
        for member in facts.members.values()
    }
    for row in rows:
        due[row.section_id] = {
            agency_id
            for agency_id, ceiling in ceilings.items()
            if _holds(row, facts.members[agency_id], ceiling)
        }
    return due


def _holds(row: SectionRow, member: Membership, ceiling: Allowed) -> bool:
    if row.part == SCAN_PART:
        return False
    agency_id, is_own = member.agency_id, row.owner_id == member.agency_id
    level = ceiling.level(row.name, is_own=is_own)
    is_alerted = ceiling.because == rule.ALERT
    if is_alerted or row.part == ALERT_PART:
        return is_alerted and row.part == ALERT_PART and level is Level.SUMMARY
    if row.audience is not None:
        return level is Level.FULL and row.audience == agency_id
    if is_own:
        return level is not Level.NONE
    return level is (Level.SUMMARY if row.part == "SUMMARY" else Level.FULL)


def _held(work: Work, case_id: str) -> defaultdict[str, set[str]]:
    held: defaultdict[str, set[str]] = defaultdict(set)
    for grant in sections.list_grants(work.session, case_id):
        held[grant.section_id].add(grant.agency_id)
    return held


def _open_keys(
    work: Work, key: CaseKey, wanted: Iterable[str], known: Mapping[str, bytes]
) -> dict[str, bytes]:
    missing = sorted(section_id for section_id in wanted if section_id not in known)
    stored = sections.list_keys(work.session, missing) if missing else {}
    return {
        **known,
        **{
            section_id: seal.open_grant(
                key.key,
                wrapped,
                case_id=key.case_id,
                section_id=section_id,
                agency_id=GATEWAY,
            )
            for section_id, wrapped in stored.items()
        },
    }


def open_part(work: Work, key: CaseKey, name: str) -> list[Any]:
    """Open the full text of a section for a rule that has to know whether something is there."""
    rows = sections.list_sections(work.session, [key.case_id])
    wanted = [row for row in rows if row.name == name and row.part == "FULL"]
    return _open_for_gateway(work, {key.case_id: key}, wanted).get(key.case_id, [])


def open_for_gateway(work: Work, keys: Mapping[str, CaseKey], part: str) -> dict[str, list[Any]]:
    """Open a part that no agency holds, by case: what the gateway itself has to look at."""
    rows = [r for r in sections.list_sections(work.session, list(keys)) if r.part == part]
    return _open_for_gateway(work, keys, rows)


def _open_for_gateway(
    work: Work, keys: Mapping[str, CaseKey], rows: Sequence[SectionRow]
) -> dict[str, list[Any]]:
    ids = [row.section_id for row in rows]
    wrapped = sections.list_keys(work.session, ids) if ids else {}
    contents = sections.list_contents(work.session, ids) if ids else {}
    found: dict[str, list[Any]] = {}
    for row in rows:
        case_id, section_id = row.case_id, row.section_id
        section_key = seal.open_grant(
            keys[case_id].key,
            wrapped[section_id],
            case_id=case_id,
            section_id=section_id,
            agency_id=GATEWAY,
        )
        plain = seal.open_section_content(
            section_key, contents[section_id], case_id=case_id, section_id=section_id
        )
        found.setdefault(case_id, []).append(json.loads(plain))
    return found


def _rekey(
    work: Work, key: CaseKey, rows: Sequence[SectionRow], old: Mapping[str, bytes]
) -> dict[str, bytes]:
    contents = sections.list_contents(work.session, [row.section_id for row in rows])
    fresh: dict[str, bytes] = {}
    for row in rows:
        section_id = row.section_id
        content = seal.open_section_content(
            old[section_id], contents[section_id], case_id=key.case_id, section_id=section_id
        )
        fresh[section_id] = seal.new_section_key()
        sealed = _seal(key, row, fresh[section_id], content)
        sections.set_sealed(
            work.session, section_id=section_id, key=sealed.key, content=sealed.content
        )
    return fresh


def _seal(key: CaseKey, row: SectionRow, section_key: bytes, content: bytes) -> SealedSection:
    wrapped = seal.wrap_grant(
        key.key,
        section_key,
        case_id=key.case_id,
        section_id=row.section_id,
        agency_id=GATEWAY,
    )
    sealed = seal.seal_section_content(
        section_key, content, case_id=key.case_id, section_id=row.section_id
    )
    return SealedSection(row, wrapped, sealed)


def _grant(key: CaseKey, section_id: str, agency_id: str, section_key: bytes) -> GrantRow:
    wrapped = seal.wrap_grant(
        key.key, section_key, case_id=key.case_id, section_id=section_id, agency_id=agency_id
    )
    return GrantRow(section_id, agency_id, key.case_id, wrapped)


def _dump(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
