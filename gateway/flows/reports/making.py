"""Owns making a report: a quarter of an area, and the twelve months that end with it.

Counts alone leave here, small ones hidden (gateway.rules.reports); who coordinates the area asks,
says what for, and the log has it.
"""

from __future__ import annotations

from datetime import date, time

from gateway.agencies import directory
from gateway.errors import Denied, Invalid, Problem
from gateway.flows.reports import counting, measures, tables
from gateway.flows.reports.counting import Quarter
from gateway.flows.reports.marks import list_marks
from gateway.flows.reports.shapes import Report, Why, Year
from gateway.ledger import Work
from gateway.profiles.loader import Profile
from gateway.rules import reports as rule
from gateway.rules.clocks import add_months
from gateway.schemas.codes import AgencyKind, Purpose

QUARTERS = 4
_TOTALS = ("total_cases", "children_in_household", *counting.PARTS)


def make_report(work: Work, quarter: str, why: Why, *, has_ended: bool = False) -> Report:
    """Count a quarter of the caller's own area, but for cases before which its wall stands.

    It is never refused for those, nor told of them. Who sees no case asks only for a quarter that
    `has_ended`: what was added since yesterday to one that runs would be a single case. Before it
    no wall stands: it reads what others made as well, and the difference would be its own case.

    :raises Denied: for who does not coordinate an area.
    :raises Invalid: if there is no such quarter, or it has not begun.
    """
    work.attempt("report.made", purpose=Purpose.P11)
    if work.caller.kind is not AgencyKind.COORDINATOR:
        raise Denied("not-the-coordinator")
    profile = work.profiles.for_area(work.caller.area, work.today)
    span = counting.bounds(quarter, profile, work.today)
    if has_ended and span[1] > work.now:
        raise Invalid("It has not ended.", Problem("out_of_range", "/quarter"))
    found, *earlier = (
        counting.count_quarter(work, name, _span(profile, name), has_walls=not has_ended)
        for name in counting.before(quarter, QUARTERS)
    )
    facts = {"quarter": quarter, "cases": len(found.cases), "hidden": found.is_hidden}
    work.record("report.made", None, because=str(why), purpose=Purpose.P11, facts=facts)
    year = _year(profile, [found, *earlier])
    if found.is_hidden:
        return Report(profile.name, quarter, why, (), (), (), (), None, is_hidden=True)
    marks = list_marks(work, found.cases)
    shown = {each.code: each for each in tables.list_tables(work, found, marks)}
    figures = measures.list_measures(work, profile, found, marks, shown)
    beside = tables.by_group(found, marks, {each.code: each.value for each in figures})
    names = directory.names(work.session)
    return Report(
        profile.name,
        quarter,
        why,
        _days(profile, found),
        found.columns,
        found.sources,
        figures,
        _partner_share(found.by_police, len(found.cases)),
        is_hidden=False,
        tables=(*shown.values(), *beside),
        year=year,
        names={agency_id: each.name for agency_id, each in names.items()},
    )


def list_quarters(work: Work, count: int = 8, *, has_ended: bool = False) -> list[str]:
    """The quarters that can be asked for, the newest first; nothing is counted yet."""
    work.count("report.asked")
    today = work.today
    known = counting.before(f"{today.year}-Q{(today.month - 1) // 3 + 1}", count + 1)
    return known[1:] if has_ended else known[:-1]


def _span(profile: Profile, name: str) -> counting.Span:
    year, _, number = name.partition("-Q")
    first, calendar = date(int(year), 3 * int(number) - 2, 1), profile.working_days
    return calendar.at(first, time()), calendar.at(add_months(first, 3), time())


def _days(profile: Profile, quarter: Quarter) -> tuple[tuple[date, ...], ...]:
    day = profile.working_days.local_day
    return tuple(
        tuple(day(quarter.held[place].starts_at) for place in group) for group in quarter.groups
    )


def _partner_share(police: int | None, whole: int) -> int | None:
    return None if police is None else rule.share(whole - police, whole)


def _year(profile: Profile, quarters: list[Quarter]) -> Year:
    """Twelve months as the sum of what each quarter's own report says, and of nothing else."""
    totals = {code: rule.sum_of([each.total(code) for each in quarters]) for code in _TOTALS}
    cases, repeats = totals["total_cases"], totals["repeat_cases"]
    police = rule.sum_of([each.by_police for each in quarters])
    women = profile.population
    return Year(
        quarters=tuple(each.name for each in reversed(quarters)),
        totals=totals,
        repeat_share=None if cases is None or repeats is None else rule.share(repeats, cases),
        partner_share=None if cases is None else _partner_share(police, cases),
        per_10k=round(10_000 * cases / women.adult_women, 1) if cases and women else None,
        adult_women=women.adult_women if women else None,
        source=women.source if women else "",
        source_year=women.year if women else 0,
    )
