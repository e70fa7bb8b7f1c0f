"""Owns what somebody carries out of a conference as a file: marked with whose copy it is.

A file outlives the page: it stands in the log of each case that it tells of, with its mark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.agencies import directory
from gateway.disclosure import keep_shown
from gateway.flows.conferences.agenda import Agenda, build_agenda
from gateway.flows.conferences.declaring import require_declared
from gateway.flows.conferences.research import Request, show_research
from gateway.ledger import Act, Work
from gateway.schemas.codes import Purpose
from gateway.store.conferences import ConferenceRow

AGENDA, REQUEST = "agenda-paper/1", "request-paper/1"  # in receipts


@dataclass(frozen=True, slots=True)
class Papers:
    """What one agency is asked before a conference, under the head of its agenda."""

    agenda: Agenda
    requests: tuple[Request, ...]


def take_agenda(work: Work, conference_id: str, form: str, *, issuer: str) -> Agenda:
    """Return the agenda of who is signed in, for a file; `form` is the file's.

    :raises Denied: if its agency does not attend. :raises Conflict: code declaration_missing.
    """
    require_declared(work, conference_id, "agenda.read")
    found, _ = build_agenda(work, conference_id, Purpose.P9, on_page=True)
    marked = replace(found, reader=_mark(work, found.reader))
    document = {"conference": conference_id, "cases": [line.reference for line in found.lines]}
    if found.told:
        keep_shown(work, issuer=issuer, form=AGENDA, document=document, told=found.told)
    note(work, conference_id, AGENDA, form, marked.reader, [e.facts.case_id for e in found.told])
    return marked


def take_request(work: Work, conference_id: str, form: str, *, issuer: str) -> Papers:
    """Return what the agency of who is signed in is asked, for a file.

    :raises Denied: if it does not attend. :raises Conflict: code declaration_missing.
    """
    row = require_declared(work, conference_id, "research.asked")
    found, told = show_research(work, conference_id, Purpose.P9, issuer=issuer, form=REQUEST)
    head = _head(work, row)
    note(work, conference_id, REQUEST, form, head.reader, [each.facts.case_id for each in told])
    return Papers(head, found)


def note(
    work: Work, conference_id: str, paper: str, form: str, mark: str, case_ids: Sequence[str]
) -> None:
    """Write into the log of each case that a file with this mark tells of it."""
    facts = {"conference": conference_id, "paper": paper, "format": form, "mark": mark}
    whose: Sequence[str | None] = case_ids or [None]
    work.record_all([Act("paper.taken", each, "attending", facts=facts) for each in whose])


def _head(work: Work, row: ConferenceRow) -> Agenda:
    """What stands above the cases of a paper; of no case."""
    profile = work.profiles.for_area(row.area, work.today)
    return Agenda(
        conference_id=row.conference_id,
        area=profile.name,
        starts_at=row.starts_at,
        ends_at=None,
        zone=str(profile.zone),
        reader=_mark(work, directory.names(work.session)[work.caller.agency_id].name),
        reader_kind=str(work.caller.kind),
        lines=(),
        listed=0,
        capacity=profile.capacity.cases,
        labels={},
    )


def _mark(work: Work, agency: str) -> str:
    """Whose copy it is: the agency, and who of it took it."""
    return f"{agency}, {work.caller.worker_id}" if work.caller.worker_id else agency
