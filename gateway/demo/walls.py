"""Owns what the demonstration shows of the conflict wall: the brother, the deputy, two sides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from gateway.client import config, own_key
from gateway.client.gateway import Gateway
from gateway.demo import cases, observe
from gateway.demo.play import COORDINATOR, COORDINATOR_PURPOSE, IDVA_PURPOSE, Stage
from gateway.demo.world import CHAIR

OFFICE, AGENT, DEPUTY, BROTHER = (
    "marlbury-council-housing",
    "housing-01",
    "housing-02",
    "housing-03",
)
PURPOSE = "P7"
NOBODYS = "ZZZZZ-ZZZZZ-V"  # well formed, and given to nobody
_DEPUTY: Mapping[str, Any] = {
    "people": [
        {
            "closeness": "SELF",
            "given_names": "Ottilie",
            "family_name": "Quarrington",
            "dob": "1981-02-03",
            "dob_precision": "DAY",
        }
    ]
}
_BROTHER: Mapping[str, Any] = {
    "people": [
        {
            "closeness": "SELF",
            "given_names": "Kamal",
            "family_name": "Renn",
            "dob": "1999-05-17",
            "dob_precision": "DAY",
        }
    ]
}


def substitute(stage: Stage, reference: str) -> None:
    """Let the brother and a colleague declare, and the chair name the colleague his deputy."""
    stage.show.step("In housing options everybody says whom they are close to; Kamal, too.")
    stage.worker(OFFICE, BROTHER).walls.declare(_BROTHER)
    stage.worker(OFFICE, DEPUTY).walls.declare(_DEPUTY)
    folder = stage.place.agencies / OFFICE
    kid = stage.worker(OFFICE, DEPUTY).walls.register_key(own_key.make(folder, DEPUTY))
    stage.worker(OFFICE, AGENT).walls.approve_key(kid)
    stage.show.step("The chair names a deputy, who has a key that no colleague has.")
    stage.worker(COORDINATOR, CHAIR).walls.settle(
        reference, "DEPUTY", OFFICE, DEPUTY, reason="Leads another team, and knows none of them."
    )


def kept_out(stage: Stage, reference: str) -> None:
    """Show what office, deputy and brother find, and what the log says of him."""
    keys = own_key.with_own(
        config.load_keys(stage.place.agencies / OFFICE), stage.place.agencies / OFFICE, DEPUTY
    )
    deputy = Gateway(
        stage.wire.sender(),
        base_url=stage.place.settings.base_url,
        agency_id=OFFICE,
        keys=keys,
        worker=DEPUTY,
        clock=lambda: datetime.now(UTC),
    )
    triage = stage.agency(COORDINATOR).pull(reference, COORDINATOR_PURPOSE).document["triage"]
    found = {
        "conflicts": [f"{each['agency']}: {each['state']}" for each in triage["conflicts"]],
        "representative": observe.answer(lambda: stage.agency(OFFICE).pull(reference, PURPOSE)),
        "deputy": observe.answer(lambda: deputy.pull(reference, PURPOSE)),
    }
    stage.note("c2", found)
    for name, value in found.items():
        stage.show.fact(name, str(value))
    _brother(stage, reference)


def _brother(stage: Stage, reference: str) -> None:
    kamal = stage.worker(OFFICE, BROTHER)
    asked = [observe.answer(call) for call in _routes(kamal, reference)]
    absent = [observe.answer(call) for call in _routes(kamal, NOBODYS)]
    agenda = kamal.agenda(stage.conference)
    listed = kamal.list_cases()["items"] + kamal.referrals()["items"]
    log = stage.worker(COORDINATOR, CHAIR).access(reference)["entries"]
    tried = [e for e in log if (e["worker"], e["outcome"]) == (BROTHER, "denied")]
    stage.note(
        "c2",
        {
            "kamal": sorted(set(asked)),
            "kamal_like_absent": asked == absent,
            "kamal_listed": [e["reference"] for e in listed if e["reference"] == reference],
            "kamal_agenda": observe.line_of(agenda, reference) if isinstance(agenda, dict) else {},
            "kamal_tried": len(tried) == len(asked),
        },
    )
    stage.show.step("Kamal asks for his sister's case on every route.")
    stage.show.fact("kamal", f"{sorted(set(asked))}, as for a reference that nobody has")
    stage.show.fact("log", f"{len(tried)} attempts, for the chair to see")


def _routes(who: Gateway, reference: str) -> tuple[Callable[[], object], ...]:
    return (
        lambda: who.pull(reference, PURPOSE),
        lambda: who.access(reference),
        lambda: who.explain(reference, OFFICE, PURPOSE),
        lambda: who.acknowledge(reference, "ACCEPTED"),
    )


def two_sides(stage: Stage, reference: str, idva: str, other_landlord: str) -> None:
    """Let another agency refer the accused against him; the chair signs who the victim is."""
    stage.show.step("Days later another landlord refers his carer, with Martin as the danger.")
    other = stage.refer("c4-other", other_landlord, cases.accused(stage.forms))
    answer = observe.answer(lambda: stage.agency(idva).pull(other, IDVA_PURPOSE))
    directions = [_triage(stage, each)["counter_allegation"] for each in (reference, other)]
    stage.worker(COORDINATOR, CHAIR).walls.find_primary_victim(
        reference, "PRIMARY_VICTIM_A", account="He depends on Neil for every meal and medicine."
    )
    primary = [_triage(stage, each)["primary_victim"] for each in (reference, other)]
    stage.note("c4", {"other_side": answer, "directions": directions, "primary": primary})
    stage.show.fact("his adviser", f"asks for the other record: {answer}")
    stage.show.fact("found", f"{primary[0]} here, {primary[1]} there")


def _triage(stage: Stage, reference: str) -> Mapping[str, Any]:
    pulled = stage.agency(COORDINATOR).pull(reference, COORDINATOR_PURPOSE)
    return dict(pulled.document["triage"])
