"""A private note (class OWNER) is for the agency that wrote it, and for nobody else is it there."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from gateway.client import config
from gateway.client.access import ProblemError
from gateway.client.config import AgencyKeys, load_keys
from gateway.client.gateway import Gateway
from gateway.demo.registrars import Registrars
from gateway.disclosure import list_facts, renew_case_key
from gateway.errors import Invalid, Undecipherable
from gateway.rules.disclosure import kept_out
from gateway.rules.facts import Caller
from gateway.schemas.codes import Scope
from gateway.sealing import envelopes, jose, private
from gateway.store import erasing
from gateway.store import tables as t
from tests.journeys.asking import JOSE, NOBODY, told
from tests.journeys.attacks import ABSENT, refused
from tests.journeys.world import AUDITOR, BASE, World, example, position

LANDLORD, IDVA, COORDINATOR = "harbourgate-homes", "marlbury-idva", "marlbury-marac"
GP, POLICE, ELSEWHERE = "marlbury-gp", "marlbury-police", "fenhollow-idva"
TEXT = "Zq777x rang twice; says he found the note. Plan: meet at the library."
READ, WRITE = "cases:read", "cases:write"


@pytest.fixture(name="world")
def _world(shared_world: World) -> World:
    return shared_world


def referred(world: World) -> str:
    return world.client(LANDLORD).refer(example("c1")).reference


def path(ref: str) -> str:
    return f"/v1/cases/{ref}/private-notes"


# --- from end to end ------------------------------------------------------------------------------


def test_F34_an_agency_gets_its_own_notes_back_and_reads_them_itself(world: World) -> None:
    ref, idva = referred(world), world.client(IDVA, "idva-01")
    first = idva.notes.keep(ref, TEXT, "CASEWORK")
    second = idva.notes.keep(ref, "Not at work on Fridays.")
    found = idva.notes.read(ref)
    assert [(each.id, each.kind, each.text) for each in found] == [
        (first, "CASEWORK", TEXT),
        (second, "RESEARCH", "Not at work on Fridays."),
    ]
    assert {each.worker for each in found} == {"idva-01"}
    assert world.client(IDVA).notes.read(ref) == found  # the agency's, whoever of it asks


@pytest.mark.parametrize("agency", [LANDLORD, COORDINATOR, POLICE, GP, ELSEWHERE, AUDITOR])
def test_V1_for_every_other_agency_there_is_no_note(world: World, agency: str) -> None:
    """Who has a part in the case finds none of its own; who has none finds no case."""
    ref = referred(world)
    world.client(IDVA).notes.keep(ref, TEXT)
    wire = world.wire(agency)
    purpose = {AUDITOR: "P10", COORDINATOR: "P9"}.get(agency, "P2")
    mine = wire.ask("GET", f"{path(ref)}?purpose={purpose}", READ)
    nobodys = wire.ask("GET", f"{path(NOBODY)}?purpose={purpose}", READ)
    if agency in (LANDLORD, COORDINATOR):
        assert world.client(agency).notes.read(ref, purpose) == []
    else:
        assert told(mine)[0] == 404
        assert told(mine)[2] == told(nobodys)[2]


def test_T01_T05_a_note_is_nowhere_else(world: World) -> None:
    """In no answer, in no row of the database, with no key of the gateway."""
    ref, idva = referred(world), world.client(IDVA)
    before = len(world.answers)
    idva.notes.keep(ref, TEXT, "CASEWORK")
    world.client(COORDINATOR).decide(ref, {"decision": "ACCEPT"})
    shown = [
        world.client(each).pull(ref, "P9" if each == COORDINATOR else "P2").document
        for each in (IDVA, COORDINATOR)
    ]
    shown += [world.client(IDVA).access(ref), world.client(COORDINATOR).access(ref)]
    shown += [world.client(LANDLORD).referral(ref)]
    assert "Zq777x" not in json.dumps(shown, default=str)
    told_of = {part["section"] for each in shown for part in each.get("sections", ())}
    assert not {name for name in told_of if "note" in name}
    assert not any(b"Zq777x" in answer.body for answer in world.answers[before:])
    for table in t.metadata.sorted_tables:
        assert not any("Zq777x" in str(row) for row in world.rows(table))
    sealed = stored(world, ref)["document"]
    for kid, key in world.keys.encryption.by_kid.items():
        for held in ({kid: key}, {sealed["kid"]: key}):
            with pytest.raises(Undecipherable):
                private.open_note(sealed, held)
    case_id = world.case_of(ref)
    names = {row["name"] for row in world.rows(t.section, case_id=case_id)}
    assert not names & {"idva_notes", "private_note"}  # no section, so no grant and no paper


def stored(world: World, ref: str) -> dict[str, Any]:
    """The claims of the newest note's signed document, as somebody with the whole host gets it."""
    case_id = world.case_of(ref)
    row = world.rows(t.private_note, case_id=case_id)[-1]
    signed = world.opened(case_id, "private_note", row["id"], row["document"]).decode()
    claims: dict[str, Any] = json.loads(jose.read_signed(signed).payload)
    return claims


def test_F40_what_an_agency_signed_of_its_note_is_kept(world: World) -> None:
    ref = referred(world)
    world.client(IDVA).notes.keep(ref, TEXT)
    claims = stored(world, ref)
    assert (claims["iss"], claims["form"]) == (IDVA, "private-note/1")
    note = private.open_note(claims["document"], keys_of(world, IDVA).opening)
    assert note == {"text": TEXT}


def keys_of(world: World, agency: str) -> AgencyKeys:
    return load_keys(world.folder / agency)


def test_F68_keeping_and_reading_are_in_the_log_and_others_are_not_told(world: World) -> None:
    ref, idva = referred(world), world.client(IDVA)
    idva.notes.keep(ref, TEXT)
    idva.notes.read(ref)
    case_id = world.case_of(ref)
    lines = [e for e in world.log(case=case_id) if e["event"].startswith("note.")]
    assert [(e["event"], e["agency"], e["because"]) for e in lines] == [
        ("note.kept", IDVA, "own"),
        ("note.read", IDVA, "own"),
    ]
    assert lines[1]["purpose"] == "P2"
    idva.pull(ref, "P2")  # read on the same legal bases as anything else of the case
    (read,) = world.log(event="case.read", agency=IDVA, case=case_id)
    assert lines[1]["basis"] == read["basis"]
    assert {"UKGDPR_6_1_EA", "UKGDPR_9_2_G"} <= set(read["basis"])

    def events(agency: str) -> set[str]:
        return {line["event"] for line in world.client(agency).access(ref)["entries"]}

    assert {"note.kept", "note.read"} <= events(IDVA)
    assert {"note.kept", "note.read"} <= events(AUDITOR)
    assert not {"note.kept", "note.read"} & events(COORDINATOR)
    chair = world.client(COORDINATOR, "chair-01").access(ref)["entries"]
    assert not any(line["event"].startswith("note.") for line in chair)


# --- who may ------------------------------------------------------------------------------------


def test_who_comes_behind_the_wall_has_not_even_its_own(world: World) -> None:
    ref, idva = referred(world), world.client(IDVA)
    idva.notes.keep(ref, TEXT)
    case_id = world.case_of(ref)
    with Session(world.engine) as session:
        facts = list_facts(session, [case_id], on=world.now.date())[case_id]
    caller = Caller(IDVA, facts.members[IDVA].kind, "MARLBURY", worker_id="idva-01")
    assert kept_out(facts, caller) is None
    assert kept_out(replace(facts, conflicted=frozenset({IDVA})), caller) == "conflict"
    assert kept_out(replace(facts, conflicted=frozenset({"idva-01"})), caller) == "conflict"
    assert kept_out(replace(facts, members={}), caller) == "not-assigned"


def test_who_is_left_out_by_the_victim_keeps_its_own_and_adds_none(world: World) -> None:
    ref, idva = referred(world), world.client(IDVA)
    idva.notes.keep(ref, TEXT)
    leaving_out = [{"text": "Not them.", "excludes_agency": IDVA}]
    world.client(LANDLORD).record_position(ref, position("GIVEN", conditions=leaving_out))
    assert refused(idva.pull, ref) == ABSENT
    assert refused(idva.notes.keep, ref, "More.") == ABSENT
    assert [each.text for each in idva.notes.read(ref)] == [TEXT]


@pytest.mark.parametrize("agency", [POLICE, GP, ELSEWHERE])
def test_V1_a_note_on_anothers_case_looks_like_one_on_no_case(world: World, agency: str) -> None:
    ref = referred(world)
    before = world.counts()
    here, nowhere = (hand_in(world, each, by=agency) for each in (ref, NOBODY))
    assert told(here)[0] == 404
    assert told(here)[2] == told(nowhere)[2]
    assert world.counts() == before


# --- what is handed in --------------------------------------------------------------------------


def own_key(world: World, agency: str) -> dict[str, Any]:
    jwk: dict[str, Any] = json.loads((world.folder / agency / config.ENCRYPTION).read_text("utf-8"))
    return {**jose.public_part(jwk), "kid": jwk["kid"]}


def a_note(world: World, by: str = IDVA, **changes: Any) -> dict[str, Any]:
    jwk = changes.pop("jwk", None) or own_key(world, by)
    sealed = private.seal_note({"text": TEXT}, jwk, idempotency_key="k", secret=b"s" * 32)
    return {"kind": "RESEARCH", **sealed, **changes}


def hand_in(
    world: World,
    ref: str,
    document: Mapping[str, Any] | None = None,
    *,
    by: str = IDVA,
    key: str | None = None,
    **claims: Any,
) -> TestResponse:
    wire = world.wire(by)
    body = wire.envelope("private-note/1", document or a_note(world, by), **claims)
    return wire.ask("POST", path(ref), WRITE, body=body, media=JOSE, key=key)


def test_F16_a_retry_that_was_sealed_again_is_answered_the_same(world: World) -> None:
    ref, key = referred(world), str(uuid.uuid4())
    first = hand_in(world, ref, key=key)
    again = hand_in(world, ref, a_note(world), key=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.data == again.data
    assert len(world.client(IDVA).notes.read(ref)) == 1
    other = private.seal_note(
        {"text": "Other."}, own_key(world, IDVA), idempotency_key="k", secret=b"s" * 32
    )
    status, _, body = told(hand_in(world, ref, {"kind": "RESEARCH", **other}, key=key))
    assert (status, body["code"]) == (409, "idempotency_key_reused")


Make = Callable[[World], dict[str, Any]]


def a_section(world: World) -> dict[str, Any]:
    """Sealed as a section is: the type says that it is no note."""
    item = envelopes.seal_section(
        "safe_contact",
        {"channels": []},
        [(IDVA, own_key(world, IDVA))],
        idempotency_key="k",
        secret=b"s" * 32,
    )
    (copy,) = item["recipients"]
    return a_note(world, jwe=copy["jwe"])


SPOILT: dict[str, tuple[Make, str, str]] = {
    "plain text": (lambda w: a_note(w, jwe="She is at the library."), "bad_format", "/jwe"),
    "a section": (a_section, "not_sealed", "/jwe"),
    "another key than it says": (lambda w: a_note(w, kid="another"), "not_sealed", "/jwe"),
    "another agency's key": (
        lambda w: a_note(w, jwk=own_key(w, COORDINATOR)),
        "not_sealed",
        "/kid",
    ),
    "the gateway's key": (
        lambda w: a_note(w, jwk=dict(w.keys.encryption.public[0])),
        "not_sealed",
        "/kid",
    ),
    "nobody's key": (
        lambda w: a_note(w, jwk=jose.public_part(jose.new_private("enc"))),
        "not_sealed",
        "/kid",
    ),
    "a kind of its own": (lambda w: a_note(w, kind="DIARY"), "unknown_code", "/kind"),
    "no digest": (
        lambda w: {n: v for n, v in a_note(w).items() if n != "digest"},
        "missing",
        "/digest",
    ),
    "open words beside it": (lambda w: a_note(w, text="Open."), "unknown_field", "/text"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_V10_what_is_no_note_sealed_to_its_own_agency_is_refused(world: World, name: str) -> None:
    make, code, pointer = SPOILT[name]
    ref = referred(world)
    before = world.counts()
    status, _, body = told(hand_in(world, ref, make(world)))
    assert status == 422
    assert (code, pointer) in {(each["code"], each["pointer"]) for each in body["errors"]}
    assert world.counts() == before


def test_a_note_carries_no_section_along(world: World) -> None:
    ref = referred(world)
    item = world.client(IDVA).pull(ref).document["sealed"][0]
    status, _, body = told(hand_in(world, ref, sealed=[item]))
    assert (status, body["errors"][0]["pointer"]) == (422, "/sealed")


@pytest.mark.parametrize("text", ["", "x" * 10_001])
def test_a_text_that_is_none_or_too_long_does_not_leave_the_agency(world: World, text: str) -> None:
    ref = referred(world)
    sent = len(world.asked)
    with pytest.raises(Invalid):
        world.client(IDVA).notes.keep(ref, text)
    assert len(world.asked) == sent


def test_T12_the_length_of_a_note_is_hidden(world: World) -> None:
    """A word and a paragraph are of one length on the wire."""
    lengths = {len(a_note(world)["jwe"])}
    for text in ("No.", "x" * 600):
        jwk = own_key(world, IDVA)
        sealed = private.seal_note({"text": text}, jwk, idempotency_key="k", secret=b"s" * 32)
        lengths.add(len(sealed["jwe"]))
    assert len(lengths) == 1


def test_the_longest_note_fits_and_a_page_of_them_comes_back(world: World) -> None:
    ref, idva = referred(world), world.client(IDVA)
    longest = "𝒜" * 10_000  # four bytes each
    for _ in range(11):
        idva.notes.keep(ref, longest)
    asked = len(world.asked)
    assert [each.text for each in idva.notes.read(ref)] == [longest] * 11
    assert len([p for _, p in world.asked[asked:] if "private-notes" in p]) == 2


def test_there_is_an_end_to_notes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.flows.cases.noting.MOST", 2)
    ref, idva = referred(world), world.client(IDVA)
    for _ in range(2):
        idva.notes.keep(ref, TEXT)
    assert refused(idva.notes.keep, ref, TEXT) == (409, "conflict")


# --- keys that change, and the end of a case ------------------------------------------------------


def test_F38_an_agency_that_changed_its_keys_reads_its_old_notes_with_its_old_key(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    ref = referred(world)
    world.client(IDVA).notes.keep(ref, TEXT)
    old, new = world.folder / IDVA, world.folder / "moved"
    config.new_keys(new, IDVA)
    public = json.loads((new / config.PUBLIC).read_text("utf-8"))
    Registrars(world.sessions, world.keys).rekey(agency_id=IDVA, jwks=public, now=world.now)
    world.later(minutes=1)

    def moved(*older: Path) -> Gateway:
        keys = load_keys(new, older)
        return Gateway(
            world.send, base_url=BASE, agency_id=IDVA, keys=keys, clock=lambda: world.now
        )

    (shut,) = moved().notes.read(ref)
    assert shut.text is None
    again = moved(old)
    again.notes.keep(ref, "Sealed to the new key.")
    assert [each.text for each in again.notes.read(ref)] == [TEXT, "Sealed to the new key."]
    ended = a_note(world)  # to the key of before, which its agency could still open
    sealed = again._exchange.send_sealed
    with pytest.raises(ProblemError) as problem:
        sealed(path(ref), "private-note/1", ended, Scope.CASES_WRITE)
    assert problem.value.problems == (("not_sealed", "/kid"),)


def test_F38_a_new_key_of_the_case_leaves_every_note_readable(world: World) -> None:
    ref, idva = referred(world), world.client(IDVA)
    idva.notes.keep(ref, TEXT)
    case_id = world.case_of(ref)
    (before,) = world.rows(t.private_note, case_id=case_id)
    with world.operator() as work:
        work.record("case.rekeyed", case_id, because="test")
        with work.keeping(case_id):
            renew_case_key(work, case_id)
    (after,) = world.rows(t.private_note, case_id=case_id)
    assert before["document"] != after["document"]
    assert [each.text for each in idva.notes.read(ref)] == [TEXT]


def test_V44_notes_go_with_their_case(world: World) -> None:
    ref = referred(world)
    world.client(IDVA).notes.keep(ref, TEXT)
    case_id = world.case_of(ref)
    with world.operator() as work:
        work.count("test")
        with work.keeping(case_id):
            erasing.erase(work.session, case_id)
    assert world.rows(t.private_note, case_id=case_id) == []
    assert refused(world.client(IDVA).notes.read, ref) == ABSENT
