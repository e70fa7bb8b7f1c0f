"""Owns what happened before: earlier referrals and conferences, played with the clock set back."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from gateway.demo import cases, month, wire
from gateway.demo.forms import Form
from gateway.demo.play import Stage
from gateway.demo.wire import Then

MORNING = time(9, 0, tzinfo=UTC)


def enrolled_at(on: date) -> datetime:
    """When the agencies of the demonstration were registered: before everything else."""
    return datetime.combine(on - cases.THIRTEEN_MONTHS - 2 * cases.MONTH, MORNING)


def play(stage: Stage) -> None:
    """Play N3's and C3's earlier conferences and last month's, oldest first, before it starts.

    The store of used proofs takes no proof that is older than itself, so it is born then.
    """
    stage.show.title("Before today (the clock is set back)")
    with wire.at(stage.place.settings, stage.place.agencies, enrolled_at(stage.on)) as then:
        heard_on = stage.on - cases.THIRTEEN_MONTHS
        form = cases.heard_long_ago(stage.forms)
        _hear(stage, then, form, heard_on, "harbourgate-homes", "marlbury-marac", "MARLBURY")
        heard_on = stage.on - cases.FOUR_MONTHS
        form = cases.before_the_move(stage.forms)
        _hear(stage, then, form, heard_on, "fenhollow-idva", "fenhollow-marac", "FENHOLLOW")
        month.heard(stage, then)


def _hear(
    stage: Stage,
    then: Then,
    form: Form,
    heard_on: date,
    referrer: str,
    coordinator: str,
    area: str,
) -> None:
    """Refer a case, accept it and list it for the conference of a day long gone."""
    stage.sent.append(form)
    then.at = datetime.combine(heard_on - cases.FROM_REFERRAL_TO_HEARING, MORNING)
    reference = then.agency(referrer).refer(form).reference
    then.at += timedelta(days=1)
    desk = then.agency(coordinator)
    desk.decide(reference, {"decision": "ACCEPT"})
    starts_at = f"{heard_on.isoformat()}T10:00:00Z"
    body = {"area": area, "starts_at": starts_at, "attendees": [referrer, "marlbury-police"]}
    desk.list_case(desk.create_conference(body)["conference"], reference)
    stage.show.step(
        f"{heard_on - cases.FROM_REFERRAL_TO_HEARING}: {referrer} refers {reference}; "
        f"it is listed for the conference of {area} on {heard_on}."
    )
    stage.observed[f"history.{area}"] = reference
