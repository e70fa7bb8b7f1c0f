"""Owns the tables beside the return: research and attendance by agency, returns, and equity.

Every row of a table counts all cases of the quarter, so that its sum is known to whoever reads the
return; what is small in it is hidden with as much as keeps it from being worked out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from gateway.flows.reports.counting import GROUPS, PARTS, Quarter
from gateway.flows.reports.marks import Marks
from gateway.flows.reports.shapes import Row, Table
from gateway.ledger import Work
from gateway.rules import reports as rule
from gateway.rules.presence import SPEAKS
from gateway.schemas.meeting_codes import Attending
from gateway.store import conferences, meetings, research

MERGED = "OTHERS"  # the sources whose own numbers the return hides
RESEARCH = ("in_time", "late", "missing", "not_asked")
ATTENDANCE = ("present", "apologies", "absent", "not_invited")
RETURNED = ("returned", "not_returned")
Cells = dict[str, Counter[str]]


def list_tables(work: Work, quarter: Quarter, marks: Marks) -> tuple[Table, ...]:
    """Every table of a quarter that is one of counts, and of the shares that follow from it."""
    if not quarter.cases:
        return ()
    returned = _returned(quarter, marks)
    found = (
        _partition("research", RESEARCH, _research(work, quarter)),
        _partition("attendance", ATTENDANCE, _attendance(work, quarter)),
        returned,
        _reasons(marks) if returned and returned.total[0] else None,
    )
    return tuple(each for each in found if each is not None)


def _partition(code: str, columns: tuple[str, ...], cells: Cells) -> Table | None:
    """A table in which each row parts the same cases."""
    if not cells:
        return None
    names = sorted(cells)
    hidden = rule.suppress(
        [[cells[name][column] for column in columns] for name in names], has_row_totals=True
    )
    rows = tuple(Row(name, row) for name, row in zip(names, hidden.cells, strict=True))
    return Table(code, columns, rows, hidden.columns)


def _research(work: Work, quarter: Quarter) -> Cells:
    """How each agency that was asked answered; a case counts for the meeting that heard it."""
    cells: Cells = {}
    for conference_id, ids in _by_meeting(quarter).items():
        for row in research.list_requests(work.session, conference_id, ids):
            cells.setdefault(row.agency_id, Counter())[_came(row)] += 1
    return _filled(cells, len(quarter.cases), "not_asked")


def _came(row: research.RequestRow) -> str:
    if row.returned_at is None:
        return "missing"
    return "in_time" if row.returned_at <= row.due_at else "late"


def _attendance(work: Work, quarter: Quarter) -> Cells:
    """For how many cases each agency that was invited was in the room, by who speaks for it."""
    cells: Cells = {}
    for conference_id, ids in _by_meeting(quarter).items():
        listed = conferences.list_attendees(work.session, conference_id)
        invited = [each for each in listed if each != work.caller.agency_id]  # it runs them
        excused = {
            each.agency_id
            for each in meetings.list_attendance(work.session, conference_id)
            if each.attending is Attending.APOLOGIES
        }
        stays = meetings.list_stays(work.session, ids)
        for case_id in ids:
            here = {
                stay.agency_id
                for stay in stays[case_id]
                if stay.conference_id == conference_id and stay.attending in SPEAKS
            }
            for agency_id in invited:
                away = "apologies" if agency_id in excused else "absent"
                cells.setdefault(agency_id, Counter())[
                    "present" if agency_id in here else away
                ] += 1
    return _filled(cells, len(quarter.cases), "not_invited")


def _filled(cells: Cells, whole: int, left: str) -> Cells:
    for counts in cells.values():
        counts[left] = whole - sum(counts.values())
    return cells


def _by_meeting(quarter: Quarter) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for case in quarter.cases:
        found.setdefault(case.conference_id, []).append(case.case_id)
    return found


def _returned(quarter: Quarter, marks: Marks) -> Table | None:
    """How many of each source's referrals were returned for more.

    The sources whose number is hidden stand together here: apart, theirs would be their sum.
    """
    shown = {each.code for each in quarter.sources if each.total is not None}
    cells: Cells = {}
    for case in quarter.cases:
        name = case.source if case.source in shown else MERGED
        which = RETURNED[0] if case.case_id in marks.returned else RETURNED[1]
        cells.setdefault(name, Counter())[which] += 1
    return _partition("returned", RETURNED, cells)


def _reasons(marks: Marks) -> Table | None:
    """Why referrals were returned: the share of each reason; one may have several."""
    counts = Counter(reason for reasons in marks.returned.values() for reason in reasons)
    if not counts:
        return None
    whole = len(marks.returned)
    rows = tuple(Row(code, (rule.share(counts[code], whole),)) for code in sorted(counts))
    return Table("reasons", ("share",), rows)


def by_group(
    quarter: Quarter, marks: Marks, figures: Mapping[str, float | None]
) -> tuple[Table, ...]:
    """What happened to the cases of each group, beside all; `figures` as they are published.

    A group whose size the return hides has none, and so has a figure that is hidden itself.
    """
    if not quarter.cases:
        return ()
    named, whole = marks.named(), len(quarter.cases)
    rows = [Row("all", tuple(figures[code] for code in named))]
    for name in GROUPS:
        group = frozenset(case.case_id for case in quarter.cases if PARTS[name](case))
        told = quarter.total(name) is not None
        shares = [
            rule.group_share(len(ids & group), len(group), len(ids), whole)
            if told and figures[code] is not None
            else None
            for code, ids in named.items()
        ]
        rows.append(Row(name, tuple(shares)))
    return (Table("equity", tuple(named), tuple(rows)),)
