"""Owns the half of a month in which the desk opens: heard, planned, let slip, and not yet read."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, time, timedelta

from gateway.demo import cases, sitting, world
from gateway.demo.play import AREA, COORDINATOR, Stage
from gateway.demo.sitting import Heard
from gateway.demo.wire import Then
from gateway.errors import GatewayError
from gateway.schemas.action_codes import ActionTheme

HEARD_AGO = timedelta(days=24)
LANDLORD, IDVA, POLICE = "harbourgate-homes", "marlbury-idva", "marlbury-police"
_ADVISERS = (IDVA, "aster-women")
_ROOM = (COORDINATOR, LANDLORD, IDVA, POLICE)
_MORNING = time(9, 30, tzinfo=UTC)
# What was agreed, by whom, within how many days; none of it is done by today.
_AGREED = (
    (LANDLORD, ActionTheme.TARGET_HARDEN, "Fit a new door lock and a chain", 7),
    (POLICE, ActionTheme.POLICE_MARKER, "Put an urgent marker on the address", 3),
    (IDVA, ActionTheme.SAFETY_PLAN, "Go through the safety plan again", 10),
)


def heard(stage: Stage, then: Then) -> None:
    """Hear a case at the conference before: three actions are agreed, and fall due before today."""
    day = stage.on - HEARD_AGO
    then.at = datetime.combine(day - cases.FROM_REFERRAL_TO_HEARING, _MORNING)
    form = cases.heard_last_time(stage.forms, day - cases.FROM_REFERRAL_TO_HEARING)
    stage.sent.append(form)
    reference = then.agency(LANDLORD).refer(form).reference
    then.agency(IDVA).acknowledge(reference, "ACCEPTED")
    then.at += timedelta(days=1)
    desk = then.agency(COORDINATOR)
    desk.decide(reference, {"decision": "ACCEPT"})
    starts_at = f"{day.isoformat()}T09:30:00Z"
    body = {"area": AREA, "starts_at": starts_at, "attendees": [LANDLORD, IDVA, POLICE]}
    conference = desk.create_conference(body)["conference"]
    desk.list_case(conference, reference)
    then.at = datetime.combine(day, _MORNING)
    agreed = [(owner, theme, text, day + timedelta(days=n)) for owner, theme, text, n in _AGREED]
    sitting.hold(then, conference, [Heard(reference, _ROOM, agreed)])
    stage.show.step(
        f"{day}: {reference} is heard, and {len(_AGREED)} actions are agreed; none is done today."
    )
    stage.observed["month.heard"] = reference


def unread(stage: Stage) -> None:
    """Send two high-risk referrals that nobody has read when the desk opens."""
    stage.show.title("And while nobody looked")
    for agency_id in _ADVISERS:
        _take_on(stage, agency_id)
    stage.show.step("The advisers' services have taken on what was referred so far.")
    found = []
    for form in cases.while_nobody_looked(stage.forms):
        stage.sent.append(form)
        found.append(stage.agency(LANDLORD).refer(form).reference)
    stage.show.step(
        f"{world.name_of(LANDLORD)} refers {' and '.join(found)}: nobody has read them."
    )
    stage.observed["month.unread"] = found


ALL = (unread,)


def _take_on(stage: Stage, agency_id: str) -> None:
    """Accept all that an agency was given and has not answered; what it may not, stays."""
    client, given = stage.agency(agency_id), set()
    cursor, more = None, True
    while more:
        page = client.list_cases(cursor)
        given |= {each["reference"] for each in page["items"] if each["kind"] == "ASSIGNED"}
        cursor, more = page["next"], page["more"]
    for reference in sorted(given):
        with suppress(GatewayError):
            client.acknowledge(reference, "ACCEPTED")
