"""Owns the case whose sealed part reaches a second reader later, from the first reader's client."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from gateway import ledger
from gateway.client.agent import answer_once
from gateway.demo import cases, observe
from gateway.demo.play import COORDINATOR, COORDINATOR_PURPOSE, IDVA_PURPOSE, Stage
from gateway.demo.stories import BY_AND_FOR, IDVA, LANDLORD
from gateway.flows import agencies
from gateway.sealing import keys
from gateway.store.engine import make_engine, make_sessions

CONTACT = "safe_contact"


def n7(stage: Stage) -> None:
    """A safe contact is sealed anew by who holds it; the gateway asks, and cannot read it."""
    stage.show.case(
        "N7",
        "a second adviser, later",
        "The area's own service takes no cases today, so another one took it on. Then the first "
        "comes back and is given the case as well.",
    )
    form = cases.taken_on_elsewhere(stage.forms)
    _operator(stage, lambda work: agencies.suspend(work, agency_id=IDVA))
    reference = stage.refer("n7", LANDLORD, form)
    _operator(stage, lambda work: agencies.resume(work, agency_id=IDVA))
    stage.show.step("The next day she agrees again, to both services; the landlord records it.")
    stage.agency(LANDLORD).record_position(reference, cases.a_position(form, "GIVEN"))
    before = _seen(stage, reference)
    owed = _owed(stage, reference)
    stage.show.fact("the other", f"{CONTACT}: {before}")
    stage.show.fact("owed", ", ".join(owed))
    stage.show.step("The first adviser's client opens its own copy, and seals it for the other.")
    done = answer_once(stage.agency(BY_AND_FOR), IDVA_PURPOSE)
    sealed = [f"{each.section} for {each.agency}" for each in done if each.refused is None]
    after = _seen(stage, reference)
    stage.show.fact("sealed", ", ".join(sealed))
    stage.show.fact("the other", f"{CONTACT}: {after}")
    texts = [
        stage.agency(each).pull(reference, IDVA_PURPOSE).reveal() for each in (IDVA, BY_AND_FOR)
    ]
    found = {"before": before, "owed": owed, "sealed": sealed, "after": after}
    stage.note("n7", {**found, "still_owed": _owed(stage, reference)})
    stage.note("n7", {"same_text": texts[0] == texts[1] == {CONTACT: form["sealed"][CONTACT]}})


def _seen(stage: Stage, reference: str) -> str:
    seen = observe.view(stage.pulled(IDVA, reference, IDVA_PURPOSE), IDVA)
    return seen.get(CONTACT, observe.NOTHING)


def _owed(stage: Stage, reference: str) -> list[str]:
    """The copies that the coordinator sees to be owed."""
    pulled = stage.agency(COORDINATOR).pull(reference, COORDINATOR_PURPOSE)
    owed = pulled.document["triage"]["owed_copies"]
    return [f"{each['section']} for {each['agency']}" for each in owed]


def _operator(stage: Stage, act: Callable[[ledger.Work], None]) -> None:
    """Do something as the gateway's operator, beside the running service."""
    held = keys.load(stage.place.settings.keys)
    engine = make_engine(stage.place.settings.database_url)
    try:
        with ledger.begin(make_sessions(engine), held, ledger.OPERATOR, datetime.now(UTC)) as work:
            act(work)
    finally:
        engine.dispose()


ALL = (n7,)
