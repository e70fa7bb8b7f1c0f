"""Owns what the floor asks before it reads a case, and what it opens: for one case as for many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bench import primitives as p
from bench.floor import Floor, unwrap

# All that is asked to decide about a case: how it stands, who has a part in it, who is too close.
FACTS = """
SELECT r.case_id, r.reference, s.state, k.outcome, k.lapses_on, po.position, po.excluded_kinds,
  po.barred_agencies, ri.level, ri.grades, ri.markers, ri.children, ri.criteria, ri.care_needs,
  ri.age, r.agency_id, r.received_at
FROM referral r
JOIN state s ON s.case_id = r.case_id
  AND s.seq = (SELECT max(seq) FROM state WHERE case_id = r.case_id)
JOIN consent k ON k.case_id = r.case_id
  AND k.seq = (SELECT max(seq) FROM consent WHERE case_id = r.case_id)
JOIN position po ON po.case_id = r.case_id
  AND po.seq = (SELECT max(seq) FROM position WHERE case_id = r.case_id)
JOIN risk ri ON ri.case_id = r.case_id
  AND ri.seq = (SELECT max(seq) FROM risk WHERE case_id = r.case_id)
"""
_MEMBERS = """
SELECT a.case_id, a.agency_id, g.kind, a.role, a.conditions FROM assignment a
JOIN agency g ON g.id = a.agency_id WHERE a.case_id IN ({0}) AND a.until IS NULL
"""
_TIES = """
SELECT c.case_id, 'HIT', i.agency_id, i.worker_id FROM case_token c
  JOIN interest_token i ON i.token = c.token WHERE c.case_id IN ({0})
UNION ALL SELECT case_id, act, agency_id, worker_id FROM conflict_act WHERE case_id IN ({0})
UNION ALL SELECT case_id, kind, '-', NULL FROM link
  WHERE case_id IN ({0}) AND kind = 'REVERSED' AND status != 'REJECTED'
UNION ALL SELECT other_id, kind, '-', NULL FROM link
  WHERE other_id IN ({0}) AND kind = 'REVERSED' AND status != 'REJECTED'
UNION ALL SELECT case_id, 'APPROVED', agency_id, section FROM approval
  WHERE case_id IN ({0}) AND state = 'APPROVED' AND until >= '2026-11-21'
UNION ALL SELECT case_id, 'DRAFT', owner_id, section FROM redaction WHERE case_id IN ({0})
"""
SECTIONS = """
SELECT s.case_id, s.id, s.name, s.part, s.owner_id, g.wrapped,
  CASE WHEN g.wrapped IS NOT NULL THEN s.content END
FROM section s LEFT JOIN section_grant g
  ON g.case_id = s.case_id AND g.agency_id = ? AND g.section_id = s.id
WHERE s.case_id IN ({0}) AND s.superseded_at IS NULL AND s.audience IS NULL
"""
_ONE = SECTIONS.replace("CASE WHEN g", "CASE WHEN s.name = 'victim_identity' AND g")
NAMED = f"{_ONE} AND s.name IN (SELECT value FROM json_each(?))"  # noqa: S608  (our own words)
_KEYS = """
SELECT c.case_id, c.wrapped, l.wrapped FROM case_key c JOIN log_key l ON l.subject = c.case_id
WHERE c.case_id IN ({0}) AND c.wrapped IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, and what somebody of its kind needs to know: section -> level."""

    agency: str
    worker: str
    kind: str
    purpose: str
    levels: Mapping[str, str]


@dataclass(slots=True)
class Case:
    """One case as it is read."""

    facts: Any
    sections: list[Any]
    levels: dict[str, str]
    key: AESGCM
    log_key: bytes


def reader(floor: Floor, event: str, kind: str) -> Reader:
    """Who reads in a job and what it needs to know, as the gateway's own log says it."""
    record = floor.pattern.records[event]
    who = record["agency"], record["worker"].partition("/")[2] or record["worker"]
    return Reader(*who, kind, record["purpose"], record["levels"])


def decided(floor: Floor, listed: Iterable[Any], who: Reader, sections: str) -> dict[str, Case]:
    """What the reader needs to know of each case, by role, consent and who is too close."""
    facts = {row[0]: row for row in listed}
    ids = list(facts)
    has_part = {case for case, agency, *_ in of_cases(floor, _MEMBERS, ids) if agency == who.agency}
    tied = {
        case for case, _, agency, _ in of_cases(floor, _TIES, ids) if agency in (who.agency, "-")
    }
    stored: dict[str, list[Any]] = {case_id: [] for case_id in ids}
    named = [p.dump(list(who.levels)).decode()] if sections is NAMED else []
    for row in floor.run(sections.format(marks(len(ids))), who.agency, *ids, *named):
        stored[row[0]].append(row)
    cases = {}
    for case_id, wrapped, log_key in of_cases(floor, _KEYS, ids):
        row = facts[case_id]
        if case_id not in has_part or case_id in tied or row[3] != "ALLOW" or who.kind in row[6]:
            raise ValueError("refused")
        there = {each[2] for each in stored[case_id]}
        levels = {name: level for name, level in who.levels.items() if name in there}
        cases[case_id] = Case(
            row,
            stored[case_id],
            levels,
            AESGCM(unwrap(floor.master, wrapped, "case", case_id)),
            unwrap(floor.master, log_key, "log", case_id),
        )
    return cases


def record_of(floor: Floor, event: str, case_id: str, case: Case) -> dict[str, Any]:
    owners = {each[4] for each in case.sections if each[2] in case.levels}
    said = {"stage": "RESEARCH", "owners": sorted(owners)}
    record = floor.pattern.records[event]
    return {**record, "case": case_id, "levels": case.levels, "facts": said}


def opened(floor: Floor, who: Reader, case_id: str, case: Case) -> Iterable[tuple[str, str, Any]]:
    """What is shown in full: name, owner and content of each section."""
    for _, section_id, name, part, owner, wrapped, content in case.sections:
        if content is not None and part == "FULL" and case.levels.get(name) == "FULL":
            key = AESGCM(unwrap(case.key, wrapped, "grant", case_id, section_id, who.agency))
            plain = floor.unseal(key, content, "section", section_id, case_id)
            yield name, owner, p.load(plain)


def of_cases(floor: Floor, text: str, ids: Sequence[str]) -> list[Any]:
    """Rows of these cases; the statement names their list once or several times."""
    return floor.run(text.format(marks(len(ids))), *ids * text.count("{0}"))


def marks(count: int) -> str:
    return ",".join("?" * count)
