"""Owns the cases of the demonstration that must not go on, must not count, or must be one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.demo import cases, observe
from gateway.demo.play import COORDINATOR, COORDINATOR_PURPOSE, Stage
from gateway.demo.stories import HOSPITAL, IDVA, LANDLORD

_EACH_TIME_NEW = frozenset({"sub", "iat", "aud", "log", "reference", "received_at"})


def n1(stage: Stage) -> None:
    """Standard risk and no agreement: nothing is shared."""
    stage.show.case("N1", "standard risk, no agreement, no duty", "Nobody but its sender sees it.")
    reference = stage.refer("n1", LANDLORD, cases.standard_risk(stage.forms))
    _only_sender(stage, "n1", reference)
    own = _status(stage, LANDLORD, reference)
    stage.note("n1", {"own_status": own["status"]})
    stage.show.fact("its sender", f"reads it, and that it is {own['status']}")


def n2(stage: Stage) -> None:
    """Under sixteen: children's social care alone."""
    stage.show.case("N2", "a victim of fifteen", "Not a conference's case, and not left alone.")
    reference = stage.refer("n2", HOSPITAL, cases.fifteen(stage.forms))
    _only_sender(stage, "n2", reference)


def n3(stage: Stage) -> None:
    """Thirteen months after the last conference: new."""
    stage.show.case("N3", "back after thirteen months", "The same two people, but not a repeat.")
    reference = stage.refer("n3", LANDLORD, cases.back_after_long(stage.forms))
    stage.triage("n3", reference)
    stage.list_case("n3", reference)


def n4(stage: Stage) -> None:
    """Twenty of 24, and a professional who calls it standard."""
    stage.show.case("N4", "a low judgement under a high score", "Judgement only ever raises.")
    reference = stage.refer("n4", LANDLORD, cases.judged_standard(stage.forms))
    found = stage.triage("n4", reference)
    stage.show.fact("levels", "; ".join(found["levels"]))


def n6(stage: Stage) -> None:
    """Two agencies refer the same people in one cycle."""
    stage.show.case(
        "N6",
        "the same people from two sides",
        "A landlord and a hospital refer within minutes. Neither may learn of the other until "
        "the coordinator decides.",
    )
    first, second = cases.from_two_sides(stage.forms)
    one = stage.refer("n6-one", LANDLORD, first)
    two = stage.refer("n6-two", HOSPITAL, second)
    found = stage.triage("n6-two", two)
    stage.note("n6", {"link_is_first": [each == one for each in found["linked_to"]]})
    shown = {"landlord": _status(stage, LANDLORD, one), "hospital": _status(stage, HOSPITAL, two)}
    receipts = [_lasting(stage.receipts[name].claims) for name in ("n6-one", "n6-two")]
    sizes = {len(stage.receipts[name].token) for name in ("n6-one", "n6-two")}
    stage.note("n6", {"receipts_differ_in": _unlike(*receipts), "receipt_sizes": len(sizes)})
    stage.note("n6", {"status_differs_in": _unlike(*map(_lasting, shown.values()))})
    stage.show.fact("receipts", f"differ in: {', '.join(_unlike(*receipts)) or 'nothing'}")
    coordinator = stage.agency(COORDINATOR)
    stage.show.step("The coordinator accepts the first, joins the second to it, and tells both.")
    coordinator.decide(one, {"decision": "ACCEPT", "feedback": "MORE_INFO_NEEDED"})
    merge = {
        "decision": "MERGE",
        "merge_with": one,
        "release": True,
        "feedback": "MORE_INFO_NEEDED",
    }
    answered = coordinator.decide(two, merge)
    stage.note("n6", {"state": answered["state"]})
    for name, agency_id, reference in (("one", LANDLORD, one), ("two", HOSPITAL, two)):
        told = sorted(each["code"] for each in _status(stage, agency_id, reference)["feedback"])
        stage.note("n6", {f"feedback_{name}": told})
        stage.show.fact(agency_id.split("-")[0], f"is told {', '.join(told)}")


def _only_sender(stage: Stage, case: str, reference: str) -> None:
    """Show who was told, and that neither adviser nor coordinator finds the case."""
    stage.told(case, reference)
    pulls = {
        "idva_pull": observe.answer(lambda: stage.agency(IDVA).pull(reference, "P2")),
        "coordinator_pull": observe.answer(
            lambda: stage.agency(COORDINATOR).pull(reference, COORDINATOR_PURPOSE)
        ),
    }
    stage.note(case, pulls)
    stage.show.fact("others", ", ".join(f"{name} {value}" for name, value in pulls.items()))


def _status(stage: Stage, agency_id: str, reference: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = stage.agency(agency_id).referral(reference)
    return found


def _lasting(members: Mapping[str, Any]) -> dict[str, Any]:
    """Return what may not differ; a deadline runs from arrival, so two a second apart do."""
    left_out = _EACH_TIME_NEW | {"document", "next"}
    steps = [{**step, "due_at": None} for step in members.get("next", [])]
    return {name: value for name, value in members.items() if name not in left_out} | {
        "next": steps
    }


def _unlike(one: Mapping[str, Any], two: Mapping[str, Any]) -> list[str]:
    return sorted(n for n in {*one, *two} if one.get(n) != two.get(n))


ALL = (n1, n2, n3, n4, n6)
