"""Owns which cases a quarter counts, and the tables of the return made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from gateway.agencies import directory
from gateway.disclosure import beyond_wall, count_traits
from gateway.errors import Invalid, Problem
from gateway.flows.reports.shapes import Column, Heard
from gateway.ledger import Work
from gateway.profiles.loader import Profile
from gateway.rules import reports as rule
from gateway.rules.clocks import add_months
from gateway.schemas.codes import AgeBand, AgencyKind, ListingKind
from gateway.store import dated, referrals, reports
from gateway.store.reports import MeetingRow

FIRST_YEAR = 2020
NIGHT = timedelta(days=1)  # a case is heard within a day of when its meeting begins
Span = tuple[datetime, datetime]  # from when on, and before when
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
PARTS: Mapping[str, Callable[[Heard], bool]] = {
    "repeat_cases": lambda case: case.kind == ListingKind.REPEAT,
    "minority": lambda case: case.traits.is_minority,
    "lgbt": lambda case: case.traits.is_lgbt,
    "disabled": lambda case: case.traits.is_disabled,
    "male": lambda case: case.traits.is_male,
    "aged_16_17": lambda case: case.age == AgeBand.AGE_16_17,
    "perpetrators_to_17": lambda case: case.traits.has_young_perpetrator,
}
GROUPS = ("minority", "lgbt", "disabled", "male", "aged_16_17")


@dataclass(frozen=True, slots=True)
class Quarter:
    """The cases of one quarter, and its tables as they may be shown."""

    name: str
    held: tuple[MeetingRow, ...]
    groups: tuple[tuple[int, ...], ...]  # places of meetings that stand together
    cases: tuple[Heard, ...]
    columns: tuple[Column, ...]
    sources: tuple[Column, ...]

    @property
    def is_hidden(self) -> bool:
        """Whether there are so few cases that nothing is said of them."""
        return len(self.cases) in rule.SMALL

    def total(self, code: str) -> int | None:
        """The count of a column as it is published; None if it is hidden."""
        if not self.cases:
            return 0
        return next((each.total for each in self.columns if each.code == code), None)

    @property
    def by_police(self) -> int | None:
        """How many were referred by the police, as published."""
        known = {each.code: each.total for each in self.sources}
        return None if self.is_hidden else known.get("POLICE", 0)


def bounds(quarter: str, profile: Profile, today: date) -> Span:
    """From when to when a quarter runs, by the clock of the area.

    :raises Invalid: if there is no such quarter, or it has not begun.
    """
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


def before(quarter: str, count: int) -> list[str]:
    """A quarter and those before it, the newest first."""
    year, _, number = quarter.partition("-Q")
    first = date(int(year), 3 * int(number) - 2, 1)
    starts = [add_months(first, -3 * n) for n in range(count)]
    return [f"{each.year}-Q{(each.month - 1) // 3 + 1}" for each in starts]


def count_quarter(work: Work, name: str, span: Span, *, has_walls: bool) -> Quarter:
    """Count a quarter of the caller's own area.

    :param span: from when to when it runs.
    :param has_walls: leave out the cases before which the caller's wall stands.
    """
    since, until = span[0], min(span[1], work.now)
    meetings = reports.list_meetings(
        work.session, agency_id=work.caller.agency_id, since=since - NIGHT, until=until
    )
    heard = _heard(work, meetings, (since, span[1]), has_walls=has_walls)
    held = [meeting for meeting in meetings if heard[meeting.conference_id]]
    groups = rule.together([len(heard[each.conference_id]) for each in held])
    rows = [
        [case for place in group for case in heard[held[place].conference_id]] for group in groups
    ]
    every = tuple(case for row in rows for case in row)
    is_told = len(every) not in rule.SMALL
    return Quarter(
        name,
        tuple(held),
        tuple(map(tuple, groups)),
        every,
        _columns(rows) if is_told else (),
        _sources(rows) if is_told else (),
    )


def _heard(
    work: Work, meetings: Sequence[MeetingRow], span: Span, *, has_walls: bool
) -> dict[str, list[Heard]]:
    """What each meeting heard in the quarter: a case counts once, where it was heard last in it.

    With walls, none behind the caller's own: it sees how many the room heard without them, and
    what it could take away from a count would be the very person it is tied to.
    """
    listed = sorted({case_id for meeting in meetings for case_id, _ in meeting.cases})
    if has_walls:
        listed = beyond_wall(work, listed)
    at = reports.list_heard(work.session, listed, since=span[0], until=span[1])
    place: dict[str, tuple[str, str]] = {}
    for meeting in meetings:
        for case_id, kind in meeting.cases:
            if case_id in at and (meeting.starts_at <= at[case_id] or case_id not in place):
                place[case_id] = (meeting.conference_id, kind)
    traits = count_traits(work, sorted(place), on=min(work.now, span[1]).date())
    risks = dated.list_risks(work.session, sorted(traits))
    sent = referrals.list_references(work.session, sorted(traits))
    standing = directory.standing(work.session)
    found: dict[str, list[Heard]] = {meeting.conference_id: [] for meeting in meetings}
    for case_id in sorted(traits.keys() & risks.keys() & sent.keys()):
        conference_id, kind = place[case_id]
        first, risk = sent[case_id][0], risks[case_id]
        source = SOURCES.get(standing[first.agency_id].kind, OTHER)
        found[conference_id].append(
            Heard(
                case_id,
                conference_id,
                kind,
                TRANSFER if kind == ListingKind.TRANSFER_IN else source,
                first.received_at,
                at[case_id],
                risk.children,
                str(risk.age),
                bool(risk.grades),
                traits[case_id],
            )
        )
    return found


def _columns(rows: Sequence[Sequence[Heard]]) -> tuple[Column, ...]:
    totals = [len(row) for row in rows]
    children = [[sum(case.children for case in row)] for row in rows]
    found = [Column("total_cases", tuple(totals), sum(totals))]
    hidden = rule.suppress(children, has_row_totals=False) if children else None
    if hidden is not None:
        counts = tuple(row[0] for row in hidden.cells)
        found.append(Column("children_in_household", counts, hidden.columns[0]))
    for code, is_one in PARTS.items():
        counts, total = rule.suppress_part([sum(map(is_one, row)) for row in rows], totals)
        found.append(Column(code, counts, total))
    return tuple(found)


def _sources(rows: Sequence[Sequence[Heard]]) -> tuple[Column, ...]:
    codes = sorted({case.source for row in rows for case in row})
    table = [[sum(case.source == code for case in row) for code in codes] for row in rows]
    if not table:
        return ()
    hidden = rule.suppress(table, has_row_totals=True)
    return tuple(
        Column(code, tuple(row[n] for row in hidden.cells), hidden.columns[n])
        for n, code in enumerate(codes)
    )
