"""Owns what is owed in a case because of consent: by when, and by whom once the time has passed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from gateway.rules.clocks import Clock, WorkingDays, due
from gateway.rules.consent import ConsentTable
from gateway.rules.overrides import Decided, owed_since
from gateway.rules.positions import Said
from gateway.rules.releasing import WAITING

OVERRIDE, REVIEW, RENEW = "COMPLETE_OVERRIDE_RECORD", "REVIEW_OVERRIDE", "RENEW_AGREEMENT"
ENDED = "AGREEMENT_ENDED"  # by its date, and nobody asked her again
RECORDER, COORDINATOR = "RECORDER", "COORDINATOR"
NO_HOURS = "CLK_ESCALATE"  # a row that gives no hours of its own: an objection to a live case
_END = time(23, 59, 59)


@dataclass(frozen=True, slots=True)
class Owed:
    """One thing that is owed. Once late it is the coordinator's to answer, by the same act."""

    code: str
    due_at: datetime
    is_overdue: bool

    @property
    def by(self) -> str:
        """Who must act: whoever recorded the position, and after the time the coordinator."""
        return COORDINATOR if self.is_overdue or self.code in WAITING else RECORDER


@dataclass(frozen=True, slots=True)
class Record:
    """An override record that came in."""

    at: datetime
    is_signed: bool
    review_on: date


def owed(
    table: ConsentTable,
    said: Said,
    decisions: Sequence[Decided],
    records: Iterable[Record],
    *,
    now: datetime,
    clocks: Mapping[str, Clock],
    calendar: WorkingDays,
) -> tuple[Owed, ...]:
    """Return what is owed now, soonest first: the record, its review, and asking her again."""
    signed = [each for each in records if each.is_signed]
    times = [each.at for each in signed]
    today = calendar.local_day(now)
    found: list[Owed] = []

    def at_end_of(day: date, code: str) -> Owed:
        return Owed(code, calendar.at(day, _END), day < today)

    since = owed_since(decisions, times)
    if since is not None:
        hours = table.row(decisions[-1].rule).record_within_hours
        by = since + timedelta(hours=hours) if hours else due(clocks[NO_HOURS], since, calendar)
        found.append(Owed(OVERRIDE, by, by < now))
    elif signed and owed_since(decisions, ()) is not None and signed[-1].review_on <= today:
        found.append(at_end_of(signed[-1].review_on, REVIEW))
    asked_from = said.renew_from(table.prompt_days)
    if asked_from is not None and said.expires_on is not None and asked_from <= today:
        found.append(at_end_of(said.expires_on, ENDED if said.has_lapsed(today) else RENEW))
    return tuple(sorted(found, key=lambda each: each.due_at))
