"""Owns the tables beside the return: research and attendance by agency, returns, and equity.

What is counted by who referred parts all cases of the quarter, so that its sum is known to whoever
reads the return; what is small in it is hidden with as much as keeps it from being worked out. What
is said of an agency is nothing that all cases could be compared with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from gateway.flows.reports.counting import GROUPS, PARTS, Quarter
from gateway.flows.reports.marks import Marks
from gateway.flows.reports.shapes import Row, Table
from gateway.ledger import Work
from gateway.rules import reports as rule
from gateway.rules.presence import SPEAKS
from gateway.schemas.meeting_codes import Attending
from gateway.store import conferences, meetings

MERGED = "OTHERS"  # the sources whose own numbers the return hides
RESEARCH = ("came", "in_time")
ATTENDANCE = ("invited", "attended", "apologies")
RETURNED = ("returned", "not_returned")
Cells = dict[str, Counter[str]]


def list_tables(work: Work, quarter: Quarter, marks: Marks) -> tuple[Table, ...]:
    """Every table of a quarter that is one of counts, and of the shares that follow from it."""
    if not quarter.cases:
        return ()
    returned, attended = _returned(quarter, marks), _attendance(work, quarter)
    rows = (Row(each, tuple(of[n] for n in ATTENDANCE)) for each, of in sorted(attended.items()))
    found = (
        _research(marks, attended),
        Table("attendance", ATTENDANCE, tuple(rows)) if attended else None,
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


def _research(marks: Marks, invited: Iterable[str]) -> Table | None:
    """Of what each agency was asked, how much came, and how much in time: shares in tens.

    Nothing of how much it was asked: what is missing from all cases was kept from it. So each
    agency that was invited has a row, whether or not it was asked.
    """
    came: dict[str, Counter[str]] = {agency_id: Counter() for agency_id in invited}
    for row in marks.asked:
        is_in_time = row.returned_at is not None and row.returned_at <= row.due_at
        of = came.setdefault(row.agency_id, Counter())
        of.update(asked=1, came=int(row.returned_at is not None), in_time=int(is_in_time))
    rows = tuple(
        Row(name, tuple(rule.share_in_tens(of[each], of["asked"]) for each in RESEARCH))
        for name, of in sorted(came.items())
    )
    return Table("research", RESEARCH, rows) if rows else None


def _attendance(work: Work, quarter: Quarter) -> dict[str, Counter[str]]:
    """To how many meetings each agency was invited, and came: whoever of it signed speaks for it.

    Meetings and not cases: an agency that is kept from a case leaves the room while it is heard.
    """
    found: dict[str, Counter[str]] = {}
    for meeting in quarter.held:
        listed = conferences.list_attendees(work.session, meeting.conference_id)
        there = {
            (each.agency_id, each.attending)
            for each in meetings.list_attendance(work.session, meeting.conference_id)
        }
        came = {agency_id for agency_id, attending in there if attending in SPEAKS}
        for agency_id in listed:
            if agency_id == work.caller.agency_id:  # it runs them
                continue
            is_excused = agency_id not in came and (agency_id, Attending.APOLOGIES) in there
            of = found.setdefault(agency_id, Counter())
            of.update(invited=1, attended=int(agency_id in came), apologies=int(is_excused))
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
