"""Owns the single figures of a quarter: shares, medians, and what nine of ten stay under."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median, quantiles

from gateway.flows.reports.counting import Quarter
from gateway.flows.reports.marks import Marks, count_open, count_status
from gateway.flows.reports.shapes import Measure, Table
from gateway.ledger import Work
from gateway.profiles.loader import Profile
from gateway.rules import reports as rule
from gateway.rules.clocks import due
from gateway.schemas.action_codes import ActionAct, ActionStatus
from gateway.schemas.codes import Acknowledgement
from gateway.store import actions, reports


def list_measures(
    work: Work, profile: Profile, quarter: Quarter, marks: Marks, tables: Mapping[str, Table]
) -> tuple[Measure, ...]:
    """Every figure of a quarter. What is hidden in a table is said by no share either."""
    whole = len(quarter.cases)
    returned = tables["returned"].total[0] if "returned" in tables else 0
    return (
        *_of_idva(profile, marks),
        *_times("heard", [case.heard_at - case.received_at for case in marks.cases], "DAYS"),
        _share("returned_for_more", None if returned is None else int(returned), whole),
        _share("shared_without_agreement", len(marks.overridden), whole),
        _share("repeats", quarter.total("repeat_cases"), whole),
        *_of_quality(marks),
        *_of_research(marks),
        *_of_minutes(profile, quarter, marks),
        *_of_actions(work, profile, quarter, marks),
        _count("looks_behind_the_glass", reports.count_glasses(work.session, marks.ids)),
    )


def _of_idva(profile: Profile, marks: Marks) -> tuple[Measure, ...]:
    """How soon the IDVA service said yes, and to how many."""
    whole, clock = len(marks.cases), profile.clocks["CLK_IDVA_TRIAGE"]
    accepted = marks.answer(Acknowledgement.ACCEPTED)
    declined = marks.answer(Acknowledgement.DECLINED)
    taken = [
        (case, marks.answered[case.case_id][1]) for case in marks.cases if case.case_id in accepted
    ]
    in_time = sum(at <= due(clock, case.received_at, profile.working_days) for case, at in taken)
    counts = [len(accepted), len(declined), whole - len(accepted) - len(declined)]
    # Together they are all cases, so that a single hidden one would be what is left.
    (shown,) = rule.suppress([counts], has_row_totals=True).cells if whole else ((0, 0, 0),)
    return (
        *_times("idva_answer", [at - case.received_at for case, at in taken], "HOURS"),
        _share("idva_answer_in_time", in_time if shown[0] is not None else None, len(taken)),
        _share("idva_accepted", shown[0], whole),
        _share("idva_declined", shown[1], whole),
        _share("idva_unanswered", shown[2], whole),
        _share("not_reached", len(marks.not_reached), whole),
    )


def _of_quality(marks: Marks) -> tuple[Measure, ...]:
    """How much of what a referral should say is there."""
    whole = len(marks.cases)
    return (
        _share("with_birth", sum(case.traits.has_birth for case in marks.cases), whole),
        _share("with_safe_contact", len(marks.with_contact), whole),
        _share("with_rationale", sum(case.traits.has_rationale for case in marks.cases), whole),
        _share("with_assessment", sum(case.is_assessed for case in marks.cases), whole),
        _share("with_wishes", sum(case.traits.has_wishes for case in marks.cases), whole),
    )


def _of_research(marks: Marks) -> tuple[Measure, ...]:
    """For how many cases no research is missing, and for how many none came late either.

    Counted by case, of all cases: the number of requests would tell how many nobody was sent.
    """
    missing = {row.case_id for row in marks.asked if row.returned_at is None}
    late = {row.case_id for row in marks.asked if row.returned_at and row.returned_at > row.due_at}
    late -= missing
    whole = len(marks.cases)
    counts = [whole - len(missing) - len(late), len(late), len(missing)]
    # Together they are all cases, so that a single hidden one would be what is left.
    (shown,) = rule.suppress([counts], has_row_totals=True).cells
    in_time, _, without = shown
    return (
        _share("research_returned", None if without is None else whole - without, whole),
        _share("research_in_time", in_time, whole),
    )


def _of_minutes(profile: Profile, quarter: Quarter, marks: Marks) -> tuple[Measure, ...]:
    """How long after its meeting the minutes of a case went out."""
    began = {meeting.conference_id: meeting.starts_at for meeting in quarter.held}
    sent = [
        (began[case.conference_id], marks.minuted[case.case_id])
        for case in marks.cases
        if case.case_id in marks.minuted
    ]
    clock, calendar = profile.clocks["CLK_MINUTES"], profile.working_days
    in_time = sum(at <= due(clock, start, calendar) for start, at in sent)
    return (
        *_times("minutes_lag", [at - start for start, at in sent], "DAYS"),
        _share("minutes_in_time", in_time, len(sent)),
    )


def _of_actions(
    work: Work, profile: Profile, quarter: Quarter, marks: Marks
) -> tuple[Measure, ...]:
    """How actions ended, and how long after their meeting plans went out."""
    rows, steps = marks.rows, actions.list_steps(work.session, marks.ids)
    done = {each.action_id: each.at for each in steps if each.act is ActionAct.COMPLETE}
    completed = [row for row in rows if row.status is ActionStatus.COMPLETED]
    on_time = sum(done[row.id] <= row.due_at for row in completed)
    ended = {
        "actions_done_in_time": on_time,
        "actions_done_late": len(completed) - on_time,
        "actions_not_possible": count_status(rows, ActionStatus.NOT_POSSIBLE),
        "actions_not_done": count_status(rows, ActionStatus.NOT_DONE),
        "actions_replaced": count_status(rows, ActionStatus.SUPERSEDED),
        "actions_open": count_open(rows),
    }
    # Together they are all actions, so that a single hidden one would be what is left.
    (shown,) = rule.suppress([list(ended.values())], has_row_totals=True).cells
    return (
        *_of_plans(profile, quarter, marks, _sent(steps)),
        *(_share(code, n, len(rows)) for code, n in zip(ended, shown, strict=True)),
    )


def _of_plans(
    profile: Profile, quarter: Quarter, marks: Marks, sent: Mapping[str, datetime]
) -> tuple[Measure, ...]:
    clock, calendar = profile.clocks["CLK_ACTIONS"], profile.working_days
    began = {meeting.conference_id: meeting.starts_at for meeting in quarter.held}
    out = [
        (began[row.conference_id], sent[row.id])
        for row in marks.rows
        if row.conference_id in began and row.id in sent
    ]
    in_time = sum(at <= due(clock, start, calendar) for start, at in out)
    return (
        *_times("plan_lag", [at - start for start, at in out], "DAYS"),
        _share("plan_out_in_time", in_time, len(out)),
    )


def _sent(steps: Sequence[actions.StepRow]) -> dict[str, datetime]:
    return {each.action_id: each.at for each in steps if each.act is ActionAct.SEND}


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
