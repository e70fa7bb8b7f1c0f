"""An agency without software: its keys are hosted, and open for its workers, recorded, alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway import ledger
from gateway.disclosure import Unsealed
from gateway.errors import Invalid, NotFound, Unavailable
from gateway.flows import agencies
from gateway.flows.cases import ask_to_read, read_for_worker, write_for_worker
from gateway.ledger import Entry, Unrecorded
from gateway.schemas import reference as references
from gateway.schemas.codes import AgencyKind, NoteKind, Purpose
from gateway.schemas.contacting import safe_view
from gateway.store import tables as t
from tests.journeys.hosting import PROFILES, desk, host
from tests.journeys.world import BASE, World, example, position

LANDLORD, IDVA, OTHER = "harbourgate-homes", "marlbury-idva", "aster-women"
WORKER, OTHERS = "idva-01", "aster-01"
CONTACT = example("c1")["sealed"]["safe_contact"]


@pytest.fixture(scope="module")
def world(shared_world: World) -> World:
    host(shared_world, IDVA)
    return shared_world


@pytest.fixture
def ref(world: World) -> str:
    written = world.client(LANDLORD).refer(example("c1")).reference
    found = references.read(written)
    assert found
    return found


def asked(world: World, ref: str, *, agency: str = IDVA, worker: str | None = WORKER) -> Entry:
    with desk(world, agency, worker) as work:
        return ask_to_read(work, ref, Purpose.P2)


def logged(world: World, entry: Entry) -> Entry:
    ledger.wait_for(world.sessions, world.keys, entry.id, world.now)
    return entry


def read(world: World, ref: str, entry: Entry, **who: Any) -> Unsealed:
    with desk(world, who.get("agency", IDVA), who.get("worker", WORKER)) as work:
        return read_for_worker(work, ref, Purpose.P2, entry)


def events(world: World, ref: str) -> list[tuple[str, str, str]]:
    case_id = str(world.rows(t.referral, reference=ref)[0]["case_id"])
    lines = [e for e in world.log() if e["case"] in (case_id, None)]
    names = ("sealed.asked", "case.read", "note.read", "agency-key.opened")
    return [(e["event"], e["worker"], e["outcome"]) for e in lines if e["event"] in names]


# --- reading --------------------------------------------------------------------------------------


def test_F34_a_worker_of_a_hosted_agency_reads_what_is_sealed_to_it(world: World, ref: str) -> None:
    before = len(events(world, ref))
    entry = logged(world, asked(world, ref))
    found = read(world, ref, entry)
    today = world.now.date()
    shown = {name: each.reveal() for name, each in found.sections.items()}
    assert shown == {"safe_contact": safe_view(CONTACT, today)}
    assert [each["safe_uses"] for each in shown["safe_contact"]["channels"]]
    assert found.shut == ()
    pieces = {piece.section: piece.content for piece in found.disclosed.pieces}
    assert pieces["victim_identity"]["victim"]["family_name"] == "Marsh-Okoro"
    assert events(world, ref)[before:] == [
        ("sealed.asked", WORKER, "allowed"),
        ("case.read", WORKER, "allowed"),
        ("note.read", WORKER, "allowed"),
        ("agency-key.opened", WORKER, "allowed"),
    ]
    record = entry.record
    assert record["levels"]["safe_contact"] == "FULL"  # what will be read stands there before
    assert "Marsh" not in repr(found)


def test_promise_10_nothing_is_opened_before_the_line_is_in_the_tree(
    world: World, ref: str
) -> None:
    entry = asked(world, ref)
    opened = len(world.log(event="agency-key.opened"))
    with pytest.raises(Unavailable):
        read(world, ref, entry)
    assert len(world.log(event="agency-key.opened")) == opened
    assert read(world, ref, logged(world, entry)).sections


def test_what_ceased_to_be_allowed_meanwhile_is_not_opened(world: World, ref: str) -> None:
    entry = logged(world, asked(world, ref))
    leaving_out = [{"text": "Not them.", "excludes_agency": IDVA}]
    world.client(LANDLORD).record_position(
        references.write(ref), position("GIVEN", conditions=leaving_out)
    )
    opened = len(world.log(event="agency-key.opened"))
    with pytest.raises(NotFound):
        read(world, ref, entry)
    assert len(world.log(event="agency-key.opened")) == opened


REFUSED = {
    "nobody at the desk": (IDVA, None, "hosted-key-unattended"),
    "no registered worker": (IDVA, "nobody", "hosted-key-worker"),
    "another agency's worker": (IDVA, OTHERS, "hosted-key-worker"),
    "an agency with keys of its own": ("marlbury-police", "police-77", "own-custody"),
    "a hosted agency without a part": ("fenhollow-idva", "fenhollow-01", "not-assigned"),
}


@pytest.mark.parametrize("who", REFUSED)
def test_promise_02_who_may_not_is_refused_like_absence(world: World, ref: str, who: str) -> None:
    agency, worker, because = REFUSED[who]
    if agency == "fenhollow-idva":
        host(world, agency)
    if worker is not None and because in ("own-custody", "not-assigned"):
        register(world, agency, worker)
    entry = logged(world, asked(world, ref))
    for attempt in (
        lambda: asked(world, ref, agency=agency, worker=worker),
        lambda: read(world, ref, entry, agency=agency, worker=worker),
    ):
        with pytest.raises(NotFound) as refusal:
            attempt()
        assert type(refusal.value) is NotFound  # and not told apart from absence
        assert refusal.value.message == absence(world)
    assert because in {e["because"] for e in world.log(outcome="denied")}


def absence(world: World) -> str:
    with pytest.raises(NotFound) as refusal:
        asked(world, "Z" * 10)
    return refusal.value.message


def register(world: World, agency: str, worker: str) -> None:
    known = {row["id"] for row in world.rows(t.worker, agency_id=agency)}
    if worker not in known:
        with world.operator() as work:
            agencies.add_worker(work, agency_id=agency, worker_id=worker)


def test_F5_a_worker_whose_work_ended_opens_nothing_even_in_between(world: World, ref: str) -> None:
    register(world, IDVA, "idva-77")
    entry = logged(world, asked(world, ref, worker="idva-77"))
    with world.operator() as work:
        agencies.suspend_worker(work, agency_id=IDVA, worker_id="idva-77")
    with pytest.raises(NotFound):
        read(world, ref, entry, worker="idva-77")
    with pytest.raises(NotFound):
        asked(world, ref, worker="idva-77")


@pytest.mark.parametrize(
    "forged", ["another's", "of another case", "changed", "of some minutes ago"]
)
def test_the_line_must_be_the_one_of_this_very_request(world: World, ref: str, forged: str) -> None:
    register(world, IDVA, "idva-78")
    entry = logged(world, asked(world, ref))
    reader = WORKER
    if forged == "another's":
        reader = "idva-78"
    elif forged == "of another case":
        written = world.client(LANDLORD).refer(example("c1")).reference
        entry = logged(world, asked(world, str(references.read(written))))
    elif forged == "changed":
        record = {**entry.record, "worker": "idva-78"}
        entry, reader = replace(entry, record=record), "idva-78"
    else:
        world.later(minutes=3)
    with pytest.raises(NotFound):
        read(world, ref, entry, worker=reader)
    assert world.log(because="not-recorded")


def test_nothing_opens_outside_a_work(world: World, ref: str) -> None:
    entry = logged(world, asked(world, ref))
    with desk(world, IDVA, WORKER) as work:
        work.count("test")
    with pytest.raises(Unrecorded):
        read_for_worker(work, ref, Purpose.P2, entry)


def test_a_purpose_that_the_agency_may_not_state_is_said_before_anything(
    world: World, ref: str
) -> None:
    matrix = PROFILES.for_area("MARLBURY", world.now.date()).matrix
    other = next(each for each in Purpose if each not in matrix.purposes[AgencyKind.IDVA])
    for reference in (ref, "Z" * 10):
        with pytest.raises(Invalid) as fault, desk(world, IDVA, WORKER) as work:
            ask_to_read(work, reference, other)
        assert fault.value.code == "purpose_not_allowed"


# --- writing --------------------------------------------------------------------------------------


def test_a_worker_of_a_hosted_agency_keeps_notes_and_reads_them(world: World, ref: str) -> None:
    with desk(world, IDVA, WORKER) as work:
        note = write_for_worker(work, ref, NoteKind.CASEWORK, "Call her sister.", audience=BASE)
    found = read(world, ref, logged(world, asked(world, ref)))
    assert [(n.note.id, n.note.by_worker, n.content) for n in found.notes] == [
        (note, WORKER, {"text": "Call her sister."})
    ]
    theirs = world.client(LANDLORD).notes.read(references.write(ref))
    assert theirs == []
    assert "Call her" not in repr(found)


def test_a_note_from_the_desk_takes_a_registered_worker_and_a_part(world: World, ref: str) -> None:
    for agency, worker in ((IDVA, None), (IDVA, OTHERS), ("marlbury-police", "police-01")):
        with pytest.raises(NotFound), desk(world, agency, worker) as work:
            write_for_worker(work, ref, NoteKind.RESEARCH, "Words.", audience=BASE)
    with pytest.raises(Invalid), desk(world, IDVA, WORKER) as work:
        write_for_worker(work, ref, NoteKind.RESEARCH, " ", audience=BASE)
    case_id = str(world.rows(t.referral, reference=ref)[0]["case_id"])
    assert world.rows(t.private_note, case_id=case_id) == []


# --- what is said of it ---------------------------------------------------------------------------


def test_custody_is_named_in_directory_receipts_and_disclosures(world: World, ref: str) -> None:
    receipt = world.client(LANDLORD).refer(example("c1"))
    assert receipt.claims["custody"] == "OWN"
    sealed_to = {each["agency"]: each["custody"] for each in receipt.claims["sealed_to"]}
    assert sealed_to == {IDVA: "HOSTED", "marlbury-police": "OWN"}
    pulled = world.client(IDVA).pull(receipt.reference)
    assert pulled.claims["receipt"]["custody"] == "HOSTED"
    listed = world.client(LANDLORD).directory()["agencies"]
    assert {r["custody"] for r in listed if r["agency"] == IDVA} == {"HOSTED"}
