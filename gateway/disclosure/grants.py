"""Owns who holds which key: grants are derived from the facts and the rules, never edited."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from gateway.disclosure import copies
from gateway.disclosure.boxes import ALERT_PART, GATEWAY, UNREAD_PARTS, CaseKey, seal_box
from gateway.disclosure.facts import list_facts
from gateway.ledger import Work
from gateway.profiles.loader import Profile
from gateway.rules import conflict
from gateway.rules import disclosure as rule
from gateway.rules.facts import Allowed, CaseFacts, Membership
from gateway.schemas.codes import Level
from gateway.sealing import sections as seal
from gateway.store import sections
from gateway.store.sections import GrantRow, SectionRow


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
    copies.reconcile(work, key, facts, contributed, profile, is_new=True)


def regrant(
    work: Work,
    key: CaseKey,
    profile: Profile,
    *,
    known: Mapping[SectionRow, bytes] | None = None,
    leaving: Collection[str] = (),
) -> None:
    """Derive all grants of a case anew from its facts, in the transaction that changed them.

    What is sealed to its readers and owed to somebody is asked of those who hold it, in the same
    step. A section that somebody loses is put under a new key, so that a key once handed out opens
    nothing any more. `known` are section keys at hand, by section id. Who is `leaving` holds none
    afterwards; its part in the case is ended by the last statement of the same transaction, for
    who ended its own part first would see nothing of the case to derive from.
    """
    session = work.session
    facts = list_facts(session, [key.case_id], on=work.today)[key.case_id]
    if leaving:
        staying = {each: m for each, m in facts.members.items() if each not in leaving}
        facts = replace(facts, members=staying)
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
    copies.reconcile(work, key, facts, rows, profile)


def derive(facts: CaseFacts, rows: Iterable[SectionRow], profile: Profile) -> dict[str, set[str]]:
    """Which agencies may hold the key of each section: section id to agency ids."""
    due: dict[str, set[str]] = {}
    facts = conflict.for_grants(facts)
    ceilings = {
        member.agency_id: rule.highest(
            facts,
            conflict.reader(facts, member.agency_id, member.kind),
            profile.matrix,
            profile.matrix.telling(member.kind),
        )
        for member in facts.members.values()
    }
    for row in rows:
        due[row.section_id] = {
            agency_id
            for agency_id, ceiling in ceilings.items()
            if _holds(row, facts.members[agency_id], ceiling, profile)
        }
    return due


def _holds(row: SectionRow, member: Membership, ceiling: Allowed, profile: Profile) -> bool:
    if row.part in UNREAD_PARTS:
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
    if row.name in profile.matrix.returned:  # an extract is both
        return level in (Level.FULL, Level.SUMMARY)
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
        sealed = seal_box(key, row, fresh[section_id], content)
        sections.set_sealed(
            work.session, section_id=section_id, key=sealed.key, content=sealed.content
        )
    return fresh


def _grant(key: CaseKey, section_id: str, agency_id: str, section_key: bytes) -> GrantRow:
    wrapped = seal.wrap_grant(
        key.wrapping, section_key, case_id=key.case_id, section_id=section_id, agency_id=agency_id
    )
    return GrantRow(section_id, agency_id, key.case_id, wrapped)
