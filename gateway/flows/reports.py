"""Owns what is counted for others: the national return by quarter, and how the area does.

Counts alone leave here, small ones hidden (gateway.rules.reports); who coordinates the area asks,
says what for, and the log has it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from statistics import median, quantiles

from gateway.agencies import directory
from gateway.disclosure import Traits, beyond_wall, count_traits
from gateway.errors import Denied, Invalid, Problem
from gateway.ledger import Work
from gateway.profiles.loader import Profile
from gateway.rules import reports as rule
from gateway.rules.actions import OPEN
from gateway.rules.clocks import add_months, due
from gateway.schemas.action_codes import ActionAct, ActionStatus
from gateway.schemas.codes import (
    Acknowledgement,
    AgeBand,
    AgencyKind,
    ListingKind,
    Outcome,
    Purpose,
)
from gateway.store import actions, dated, members, referrals, reports
from gateway.store.reports import MeetingRow

FIRST_YEAR = 2020


class Why(StrEnum):
    """What a report is made for."""

    NATIONAL_RETURN = "NATIONAL_RETURN"
    STEERING_GROUP = "STEERING_GROUP"
    OWN_WORK = "OWN_WORK"


# Kind of agency -> the source of a referral as the return counts it.
SOURCES: Mapping[AgencyKind, str] = {
    AgencyKind.POLICE: "POLICE",
    AgencyKind.IDVA: "IDVA",
    AgencyKind.CSC: "CSC",
    AgencyKind.ASC: "ASC",
    AgencyKind.PRIMARY_CARE: "PRIMARY_CARE",
    AgencyKind.ACUTE: "ACUTE_TRUST",
    AgencyKind.MENTAL_HEALTH: "MENTAL_HEALTH",
    AgencyKind.EDUCATION: "EDUCATION",
    AgencyKind.LANDLORD: "HOUSING",
    AgencyKind.LA_HOUSING: "HOUSING",
    AgencyKind.PROBATION: "PROBATION",
    AgencyKind.SUBSTANCE_USE: "SUBSTANCE_USE",
    AgencyKind.REFUGE: "VOLUNTARY_DA",
    AgencyKind.PERP_PROGRAMME: "VOLUNTARY_OTHER",
}
OTHER = "OTHER"
TRANSFER = "SELF_MARAC_TRANSFER"


@dataclass(frozen=True, slots=True)
class Column:
    """One measure of the return: a count for each meeting, and for the quarter; None is hidden."""

    code: str
    counts: rule.Counts
    total: int | None


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of how the area does; None is hidden, or there is nothing to measure."""

    code: str
    value: float | None
    unit: str  # PERCENT, HOURS, DAYS or COUNT
    of: int | None = None  # how many it rests on


@dataclass(frozen=True, slots=True)
class Report:
    """A quarter of one area: what is sent to the national return, and how the area does."""

    area: str
    quarter: str  # "2026-Q4"
    why: Why
    meetings: tuple[tuple[date, ...], ...]  # days; those of few cases stand together
    columns: tuple[Column, ...]
    sources: tuple[Column, ...]
    measures: tuple[Measure, ...]
    partner_share: int | None  # percent of referrals not by the police
    is_hidden: bool  # so few cases that nothing can be said


@dataclass(frozen=True, slots=True)
class _Heard:
    """One case that was heard, by codes alone."""

    case_id: str
    kind: str
    source: str
    received_at: datetime
    heard_at: datetime
    children: int
    age: str
    traits: Traits


def make_report(work: Work, quarter: str, why: Why) -> Report:
    """Count a quarter of the caller's own area, but for cases before which its wall stands.

    It is never refused for those, nor told of them.

    :raises Denied: for who does not coordinate an area.
    :raises Invalid: if there is no such quarter, or it has not begun.
    """
    work.attempt("report.made", purpose=Purpose.P11)
    if work.caller.kind is not AgencyKind.COORDINATOR:
        raise Denied("not-the-coordinator")
    profile = work.profiles.for_area(work.caller.area, work.today)
    since, until = _bounds(quarter, profile, work.today)
    meetings = reports.list_meetings(
        work.session, agency_id=work.caller.agency_id, since=since, until=min(until, work.now)
    )
    heard = _heard(work, meetings)
    held = [meeting for meeting in meetings if heard[meeting.conference_id]]
    groups = rule.together([len(heard[each.conference_id]) for each in held])
    rows = [
        [case for place in group for case in heard[held[place].conference_id]] for group in groups
    ]
    days = tuple(
        tuple(profile.working_days.local_day(held[place].starts_at) for place in group)
        for group in groups
    )
    every = [case for row in rows for case in row]
    is_hidden = len(every) in rule.SMALL
    work.record(
        "report.made",
        None,
        because=str(why),
        purpose=Purpose.P11,
        facts={"quarter": quarter, "cases": len(every), "hidden": is_hidden},
    )
    if is_hidden:
        return Report(profile.name, quarter, why, (), (), (), (), None, is_hidden=True)
    columns, sources = _columns(rows), _sources(rows)
    # What is hidden in a table is said by no share either.
    police = next((each.total for each in sources if each.code == "POLICE"), 0)
    repeats = next((each.total for each in columns if each.code == "repeat_cases"), None)
    return Report(
        profile.name,
        quarter,
        why,
        days,
        columns,
        sources,
        _measures(work, profile, every, held, repeats),
        None if police is None else rule.share(len(every) - police, len(every)),
        is_hidden=False,
    )


def list_quarters(work: Work, count: int = 8) -> list[str]:
    """The quarters that can be asked for, the newest first; nothing is counted yet."""
    work.count("report.asked")
    today = work.today
    first = date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)
    starts = [add_months(first, -3 * n) for n in range(count)]
    return [f"{each.year}-Q{(each.month - 1) // 3 + 1}" for each in starts]


def _bounds(quarter: str, profile: Profile, today: date) -> tuple[datetime, datetime]:
    year, _, number = quarter.partition("-Q")
    if not (year.isascii() and year.isdigit() and len(year) == 4 and number in "1234" and number):
        raise Invalid("There is no such quarter.", Problem("bad_format", "/quarter"))
    if not FIRST_YEAR <= int(year) <= today.year:
        raise Invalid("There is no such quarter.", Problem("out_of_range", "/quarter"))
    first = date(int(year), 3 * int(number) - 2, 1)
    if first > today:
        raise Invalid("It has not begun.", Problem("out_of_range", "/quarter"))
    calendar = profile.working_days
    return calendar.at(first, time()), calendar.at(add_months(first, 3), time())


def _heard(work: Work, meetings: Sequence[MeetingRow]) -> dict[str, list[_Heard]]:
    """What each meeting heard: a case counts once, where it was heard last.

    None behind the caller's own wall: it sees how many the room heard without them, and what it
    could take away from a count would be the very person it is tied to.
    """
    listed = beyond_wall(
        work, sorted({case_id for meeting in meetings for case_id, _ in meeting.cases})
    )
    at = reports.list_heard(work.session, listed)
    place: dict[str, tuple[str, str]] = {}
    for meeting in meetings:
        for case_id, kind in meeting.cases:
            if case_id in at and (meeting.starts_at <= at[case_id] or case_id not in place):
                place[case_id] = (meeting.conference_id, kind)
    traits = count_traits(work, sorted(place), on=work.today)
    risks = dated.list_risks(work.session, sorted(traits))
    sent = referrals.list_references(work.session, sorted(traits))
    standing = directory.standing(work.session)
    found: dict[str, list[_Heard]] = {meeting.conference_id: [] for meeting in meetings}
    for case_id in sorted(traits.keys() & risks.keys() & sent.keys()):
        conference_id, kind = place[case_id]
        first, risk = sent[case_id][0], risks[case_id]
        source = SOURCES.get(standing[first.agency_id].kind, OTHER)
        found[conference_id].append(
            _Heard(
                case_id,
                kind,
                TRANSFER if kind == ListingKind.TRANSFER_IN else source,
                first.received_at,
                at[case_id],
                risk.children,
                str(risk.age),
                traits[case_id],
            )
        )
    return found


_PARTS: Mapping[str, Callable[[_Heard], bool]] = {
    "repeat_cases": lambda case: case.kind == ListingKind.REPEAT,
    "minority": lambda case: case.traits.is_minority,
    "lgbt": lambda case: case.traits.is_lgbt,
    "disabled": lambda case: case.traits.is_disabled,
    "male": lambda case: case.traits.is_male,
    "aged_16_17": lambda case: case.age == AgeBand.AGE_16_17,
    "perpetrators_to_17": lambda case: case.traits.has_young_perpetrator,
}


def _columns(rows: Sequence[Sequence[_Heard]]) -> tuple[Column, ...]:
    totals = [len(row) for row in rows]
    children = [[sum(case.children for case in row)] for row in rows]
    found = [Column("total_cases", tuple(totals), sum(totals))]
    hidden = rule.suppress(children, has_row_totals=False) if children else None
    if hidden is not None:
        counts = tuple(row[0] for row in hidden.cells)
        found.append(Column("children_in_household", counts, hidden.columns[0]))
    for code, is_one in _PARTS.items():
        counts, total = rule.suppress_part([sum(map(is_one, row)) for row in rows], totals)
        found.append(Column(code, counts, total))
    return tuple(found)


def _sources(rows: Sequence[Sequence[_Heard]]) -> tuple[Column, ...]:
    codes = sorted({case.source for row in rows for case in row})
    table = [[sum(case.source == code for case in row) for code in codes] for row in rows]
    if not table:
        return ()
    hidden = rule.suppress(table, has_row_totals=True)
    return tuple(
        Column(code, tuple(row[n] for row in hidden.cells), hidden.columns[n])
        for n, code in enumerate(codes)
    )


def _measures(
    work: Work,
    profile: Profile,
    every: Sequence[_Heard],
    held: Sequence[MeetingRow],
    repeats: int | None,
) -> tuple[Measure, ...]:
    ids = [case.case_id for case in every]
    answers = members.list_acknowledgements(work.session, ids)
    kinds = {each.agency_id: each.kind for each in directory.standing(work.session).values()}
    answered = {
        case_id: (outcome, at)
        for (case_id, agency_id), (outcome, at) in answers.items()
        if kinds.get(agency_id) is AgencyKind.IDVA
    }
    taken = [
        (case, answered[case.case_id][1])
        for case in every
        if case.case_id in answered and answered[case.case_id][0] is Acknowledgement.ACCEPTED
    ]
    clock = profile.clocks["CLK_IDVA_TRIAGE"]
    in_time = sum(at <= due(clock, case.received_at, profile.working_days) for case, at in taken)
    returned = reports.list_returned(work.session, ids)
    consents = dated.list_consents(work.session, ids)
    overridden = sum(
        each.outcome in (Outcome.ALLOW_OVERRIDE, Outcome.ALLOW_BEST_INTERESTS)
        for each in consents.values()
    )
    return (
        *_times("idva_answer", [at - case.received_at for case, at in taken], "HOURS"),
        _share("idva_answer_in_time", in_time, len(taken)),
        _share("idva_accepted", len(taken), len(every)),
        *_times("heard", [case.heard_at - case.received_at for case in every], "DAYS"),
        _share("returned_for_more", len(returned), len(every)),
        _share("shared_without_agreement", overridden, len(every)),
        _share("repeats", repeats, len(every)),
        *_of_actions(work, profile, ids, held),
        _count("looks_behind_the_glass", reports.count_glasses(work.session, ids)),
    )


def _of_actions(
    work: Work, profile: Profile, ids: Sequence[str], held: Sequence[MeetingRow]
) -> tuple[Measure, ...]:
    """How actions ended, and whether plans went out in time."""
    rows = actions.list_actions(work.session, ids)
    steps = actions.list_steps(work.session, ids)
    done = {each.action_id: each.at for each in steps if each.act is ActionAct.COMPLETE}
    completed = [row for row in rows if row.status is ActionStatus.COMPLETED]
    on_time = sum(done[row.id] <= row.due_at for row in completed)
    began = {meeting.conference_id: meeting.starts_at for meeting in held}
    sent = {each.action_id: each.at for each in steps if each.act is ActionAct.SEND}
    due_by = {
        row.id: due(profile.clocks["CLK_ACTIONS"], began[row.conference_id], profile.working_days)
        for row in rows
        if row.conference_id in began and row.id in sent
    }
    ended = {
        "actions_done_in_time": on_time,
        "actions_done_late": _stand(rows, ActionStatus.COMPLETED) - on_time,
        "actions_not_possible": _stand(rows, ActionStatus.NOT_POSSIBLE),
        "actions_not_done": _stand(rows, ActionStatus.NOT_DONE),
        "actions_replaced": _stand(rows, ActionStatus.SUPERSEDED),
        "actions_open": sum(row.status in OPEN for row in rows),
    }
    # Together they are all actions, so that a single hidden one would be what is left.
    (shown,) = rule.suppress([list(ended.values())], has_row_totals=True).cells
    return (
        _share("plan_out_in_time", sum(sent[i] <= at for i, at in due_by.items()), len(due_by)),
        *(_share(code, n, len(rows)) for code, n in zip(ended, shown, strict=True)),
    )


def _stand(rows: Sequence[actions.ActionRow], status: ActionStatus) -> int:
    return sum(row.status is status for row in rows)


def _times(code: str, spans: Sequence[timedelta], unit: str) -> tuple[Measure, ...]:
    """Median and the value that nine of ten stay under; nothing of so few that it tells of one."""
    length = timedelta(hours=1) if unit == "HOURS" else timedelta(days=1)
    if len(spans) <= rule.SMALL[-1]:
        return Measure(f"{code}_median", None, unit), Measure(f"{code}_p90", None, unit)
    values = sorted(each / length for each in spans)
    high = quantiles(values, n=10, method="inclusive")[-1]
    return (
        Measure(f"{code}_median", round(median(values), 1), unit, len(values)),
        Measure(f"{code}_p90", round(high, 1), unit, len(values)),
    )


def _share(code: str, part: int | None, whole: int) -> Measure:
    value = None if part is None else rule.share(part, whole)
    return Measure(code, value, "PERCENT", whole if value is not None else None)


def _count(code: str, number: int) -> Measure:
    return Measure(code, None if number in rule.SMALL else number, "COUNT")
