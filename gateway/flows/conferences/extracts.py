"""Owns what others make of research: how far it is, and what each agency gives of a case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.disclosure import Disclosed, disclose
from gateway.ledger import Work
from gateway.rules import research as rule
from gateway.rules.facts import CaseFacts
from gateway.rules.research import is_left_out
from gateway.schemas.codes import Level, Purpose
from gateway.store import research as store
from gateway.store.research import RequestRow


@dataclass(frozen=True, slots=True)
class Given:
    """What one agency gives to a conference about a case, as one reader may know it."""

    agency_id: str
    parts: Mapping[str, Any] = field(repr=False)  # content by section, as it was laid
    marks: tuple[str, ...]  # sections of which the reader knows only that they are there

    @property
    def proposed_actions(self) -> tuple[Mapping[str, Any], ...]:
        """What the agency proposes to do itself: {"text", "by_on"?}."""
        return tuple(self.parts.get(rule.ACTIONS, {}).get("proposed_actions", ()))


def progress_of(
    work: Work, conference_id: str, facts: Mapping[str, CaseFacts]
) -> dict[str, rule.Progress]:
    """How far the research of each case is, for who runs the conference.

    An agency that was left out since it was asked is not waited for.
    """
    rows: dict[str, list[RequestRow]] = defaultdict(list)
    for row in store.list_requests(work.session, conference_id, list(facts)):
        rows[row.case_id].append(row)
    found: dict[str, rule.Progress] = {}
    for case_id, each in facts.items():
        asked = [
            row
            for row in rows[case_id]
            if row.agency_id in each.members
            and not is_left_out(each, row.agency_id, each.members[row.agency_id].kind)
        ]
        found[case_id] = rule.progress(
            {row.agency_id: row.due_at for row in asked},
            {row.agency_id: row.returned_at for row in asked if row.returned_at is not None},
            work.now,
        )
    return found


def read_extracts(work: Work, case_id: str, purpose: Purpose) -> tuple[Given, ...]:
    """Return what agencies give to a conference about a case, by agency, as the caller may know it.

    Decided, recorded and looked through like any other reading; what an agency kept is not in it.

    :raises Denied: if the caller may see nothing of the case.
    """
    found = disclose(work, case_id, purpose, event="research.read", opens=rule.SHARED)
    return extracts_of(found)


def extracts_of(found: Disclosed) -> tuple[Given, ...]:
    """The same of a case that was disclosed already."""
    parts: dict[str, dict[str, Any]] = {}
    marks: dict[str, set[str]] = {}
    for piece in found.pieces:
        if piece.section not in rule.SHARED:
            continue
        mine = parts.setdefault(piece.owner_id, {})
        if piece.level in (Level.FULL, Level.SUMMARY) and "research" in piece.content:
            mine[piece.section] = piece.content["research"]
        else:
            marks.setdefault(piece.owner_id, set()).add(piece.section)
    return tuple(
        Given(agency_id, parts[agency_id], tuple(sorted(marks.get(agency_id, ()))))
        for agency_id in sorted(parts)
    )
