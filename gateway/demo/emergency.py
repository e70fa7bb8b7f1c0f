"""Owns what cannot wait for the conference: an emergency meeting, its plan and its minutes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway.demo import observe, sitting, wire, world
from gateway.demo.play import AREA, COORDINATOR, Stage
from gateway.demo.sitting import Heard
from gateway.demo.wire import Then
from gateway.flows import conferences
from gateway.schemas.action_codes import ActionTheme
from gateway.schemas.meeting_codes import MinuteKind

LANDLORD, IDVA, BY_AND_FOR = "harbourgate-homes", "marlbury-idva", "aster-women"
POLICE, PROBATION, COLLEGE = "marlbury-police", "marlbury-probation", "marlbury-college"
CSC, HOSPITAL = "marlbury-csc", "marlbury-hospital"
_MAPPA = "He is managed under MAPPA, category 2, level 2; his officer sees him on Thursdays."
_COLLEGE = "The college changes her timetable and the gate that she uses."


def meet(stage: Stage) -> None:
    """Hold an emergency meeting for the two whose lives are in danger, today."""
    stage.show.title("An emergency meeting, today")
    now, soon = datetime.now(UTC), stage.on + timedelta(days=2)
    flight, c5 = stage.receipts["c2-now"].reference, stage.receipts["c5"].reference
    attendees = [IDVA, BY_AND_FOR, POLICE, PROBATION, COLLEGE, CSC, HOSPITAL]
    with wire.at(stage.place.settings, stage.place.agencies, now) as then:
        office = then.agency(COORDINATOR)
        office.decide(flight, {"decision": "ACCEPT"})
        starts_at = (now + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        body = {"area": AREA, "starts_at": starts_at, "attendees": attendees}
        conference = office.create_conference(body)["conference"]
        for case, reference in (("c2-now", flight), ("c5", c5)):
            office.decide(reference, {"decision": "EMERGENCY"})
            stage.note(case, {"listed_as": office.list_case(conference, reference)["kind"]})
        sitting.hold(
            then,
            conference,
            [
                Heard(
                    flight,
                    (COORDINATOR, BY_AND_FOR, POLICE, CSC),
                    (
                        (POLICE, ActionTheme.POLICE_MARKER, "Stop her at the border", soon),
                        (BY_AND_FOR, ActionTheme.FMU_FMPO, "Ring the Forced Marriage Unit", soon),
                    ),
                ),
                Heard(
                    c5,
                    (COORDINATOR, IDVA, POLICE, PROBATION, COLLEGE, CSC, HOSPITAL),
                    (
                        (POLICE, ActionTheme.DVDS, "Tell her what is known of him", soon),
                        (PROBATION, ActionTheme.MAPPA_REF, "Bring it to the next level 2", soon),
                    ),
                    (
                        (POLICE, "minutes_offending", MinuteKind.LINK, _MAPPA),
                        (COLLEGE, "minutes", MinuteKind.SHARED, _COLLEGE),
                    ),
                ),
            ],
        )
        _plan_c1(stage, then)
        for case, reference in (("c1", stage.receipts["c1"].reference), ("c2-now", flight)):
            stage.note(case, {"planned": _planned(then, reference)})
        stage.note("c5", {"planned": _planned(then, c5)})
    state = stage.agency(COORDINATOR).pull(flight, "P9").document["state"]
    stage.note("c2-now", {"state_after": state})
    read = {}
    for agency_id, purpose in ((POLICE, "P2"), (COLLEGE, "P3")):
        text = observe.text_of(stage.pulled(agency_id, c5, purpose))
        read[agency_id] = [words in text for words in (_MAPPA, _COLLEGE)]
    stage.note("c5", {f"minutes.{agency_id}": found for agency_id, found in read.items()})
    for case in ("c2-now", "c5", "c1"):
        stage.show.fact(
            f"plan of {case}",
            "; ".join(f"{t}: {o}" for t, o in stage.observed[f"{case}.planned"].items()),
        )
    stage.show.fact(
        "minutes", f"{world.name_of(COLLEGE)} reads its own paragraph, not the police's"
    )


def _plan_c1(stage: Stage, then: Then) -> None:
    """Put down what can be done for C1 before tomorrow; each owner says later whether it will."""
    reference, due = stage.receipts["c1"].reference, stage.on + timedelta(days=10)
    for agreed in (
        (LANDLORD, ActionTheme.TARGET_HARDEN, "Change the locks of the front door", due),
        (IDVA, ActionTheme.NMO, "Advise her on a non-molestation order", due),
        (CSC, ActionTheme.CSC_REFERRAL, "Assess the children's needs", due),
    ):
        sitting.propose(then, reference, agreed)


def _planned(then: Then, reference: str) -> dict[str, str]:
    """Owner and state of each action in the plan of a case, by its theme."""
    with sitting.desk(then) as work:
        tasks = conferences.list_tasks(work)
    return {
        each.theme: f"{each.owner}, {each.status}"
        for each in sorted(tasks, key=lambda task: task.theme)
        if each.reference == reference
    }


ALL = (meet,)
