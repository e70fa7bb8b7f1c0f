"""Each section has a key of its own, wrapped for each agency; a level opens what it says."""

from __future__ import annotations

import json

import pytest
from sqlalchemy.orm import Session

from gateway.agencies import directory
from gateway.client import config
from gateway.client.access import ProblemError
from gateway.demo import world as demo
from gateway.demo.registrars import Registrars
from gateway.errors import Undecipherable
from gateway.sealing import cells, envelopes, jose
from gateway.sealing import sections as seal
from gateway.store import tables as t
from tests.journeys.world import BASE, World, example, seen

LANDLORD, HOSPITAL, IDVA = "harbourgate-homes", "marlbury-hospital", "marlbury-idva"
COORDINATOR, POLICE = "marlbury-marac", "marlbury-police"
GATEWAY = "@gateway"


# --- keys ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def referred(shared_world: World) -> tuple[World, str]:
    return shared_world, shared_world.client(LANDLORD).refer(example("c1")).reference


def test_F35_each_section_has_a_key_of_its_own(referred: tuple[World, str]) -> None:
    world, ref = referred
    case_id = world.case_of(ref)
    key = world.case_key(case_id)
    rows = world.rows(t.section, case_id=case_id)
    keys = {
        seal.open_grant(key, row["key"], case_id=case_id, section_id=row["id"], agency_id=GATEWAY)
        for row in rows
    }
    assert len(keys) == len(rows) > 15
    first, second = rows[:2]
    own = seal.open_grant(
        key, first["key"], case_id=case_id, section_id=first["id"], agency_id=GATEWAY
    )
    assert seal.open_section_content(own, first["content"], case_id=case_id, section_id=first["id"])
    with pytest.raises(Undecipherable):
        seal.open_section_content(own, second["content"], case_id=case_id, section_id=second["id"])


def test_F34_a_grant_opens_for_its_agency_and_section_alone(referred: tuple[World, str]) -> None:
    world, ref = referred
    case_id = world.case_of(ref)
    key = world.case_key(case_id)
    rows = world.rows(t.section_grant, case_id=case_id)
    assert len({row["wrapped"] for row in rows}) == len(rows)
    for row in rows[:20]:
        place = {"case_id": case_id, "section_id": row["section_id"], "agency_id": row["agency_id"]}
        assert seal.open_grant(key, row["wrapped"], **place)
        others = (
            {"agency_id": POLICE},
            {"section_id": str(row["section_id"])[::-1]},
            {"case_id": "00000000-0000-4000-8000-000000000001"},
        )
        for other in others:
            with pytest.raises(Undecipherable):
                seal.open_grant(key, row["wrapped"], **{**place, **other})


def test_V19_the_same_words_are_never_the_same_ciphertext(referred: tuple[World, str]) -> None:
    world, _ = referred
    other = world.client(LANDLORD).refer(example("c1")).reference
    contents = [row["content"] for row in world.rows(t.section)]
    assert len(set(contents)) == len(contents)
    assert world.case_of(other)


def test_F40_the_senders_signature_is_kept_with_what_it_sent(world: World) -> None:
    """Sealed under the case key lies the document as it was signed: nobody can deny it later."""
    ref = world.client(LANDLORD, "homes-01").refer(example("c1")).reference
    case_id = world.case_of(ref)
    (row,) = world.rows(t.referral_version)
    jws = cells.open_cell(
        world.case_key(case_id),
        table="referral_version",
        column="document",
        row=f"{row['reference']}/1",
        case=case_id,
        cell=row["document"],
    ).decode()
    public = next(
        key["jwk"] for key in world.rows(t.agency_key, agency_id=LANDLORD) if key["use"] == "sig"
    )
    keys = {public["kid"]: jose.import_public(public, "sig")}
    claims = json.loads(jose.verify(jws, keys, envelopes.DOCUMENT).payload)
    assert (claims["iss"], claims["worker"]) == (LANDLORD, "homes-01")
    assert claims["document"] == example("c1")["document"]
    stranger = jose.public_part(jose.new_private("sig"))
    other = {public["kid"]: jose.import_public(stranger, "sig")}
    with pytest.raises(Undecipherable):
        jose.verify(jws, other, envelopes.DOCUMENT)


def test_F40_T22_an_old_message_is_verified_after_the_key_was_changed(world: World) -> None:
    """Nobody can say "we never sent that": the register keeps the key that it was checked with."""
    ref = world.client(LANDLORD).refer(example("c1")).reference
    case_id = world.case_of(ref)
    (row,) = world.rows(t.referral_version)
    world.later(hours=1)
    folder = world.folder / "new"
    config.new_keys(folder / LANDLORD, LANDLORD)
    public = json.loads((folder / LANDLORD / config.PUBLIC).read_text("utf-8"))
    Registrars(world.sessions, world.keys).rekey(agency_id=LANDLORD, jwks=public, now=world.now)
    world.later(hours=1)
    with pytest.raises(ProblemError):
        world.new_client(LANDLORD).refer(example("c1"))  # the old key signs nothing more
    jws = cells.open_cell(
        world.case_key(case_id),
        table="referral_version",
        column="document",
        row=f"{row['reference']}/1",
        case=case_id,
        cell=row["document"],
    ).decode()
    kid = jose.peek(jws)["kid"]
    with Session(world.engine) as session:
        key = directory.find_signing_key(session, LANDLORD, kid, row["received_at"])
        assert directory.find_signing_key(session, LANDLORD, kid, world.now) is None
    assert key is not None
    assert json.loads(jose.verify(jws, {kid: key}, envelopes.DOCUMENT).payload)["iss"] == LANDLORD
    head, body, signature = jws.split(".")
    other = jose.b64u(jose.b64u_decode(body).replace(b"Elena", b"Helen"))
    with pytest.raises(Undecipherable):
        jose.verify(f"{head}.{other}.{signature}", {kid: key}, envelopes.DOCUMENT)
    # The agency goes on under its new key, and reads its own case as before.
    renewed = demo.connect(
        LANDLORD, world.send, base_url=BASE, folder=folder, clock=lambda: world.now
    )
    assert renewed.referral(ref)
    assert renewed.refer(example("c2")).reference


# --- levels ----------------------------------------------------------------------------------


def test_F57_a_summary_that_nobody_wrote_tells_no_more_than_an_indicator(world: World) -> None:
    ref = world.client(HOSPITAL).refer(example("c5")).reference
    found = seen(world.client(COORDINATOR), ref, "P9")
    summaries = {name: content for name, (level, content) in found.items() if level == "SUMMARY"}
    written = example("c5")["document"]["summaries"]
    indicators = [content for level, content in found.values() if level == "INDICATOR"]
    assert summaries
    for name, content in summaries.items():
        if name in written:
            assert content == {"summary": written[name]}
        else:
            assert content == {"present": True}
    assert all(content == {"present": True} for content in indicators)
    assert indicators


def test_withheld_names_only_what_the_matrix_gives_at_least_an_indicator_of(world: World) -> None:
    ref = world.client(HOSPITAL).refer(example("c5")).reference
    document = world.client(COORDINATOR).pull(ref, "P9").document
    levels = {each["section"]: each["level"] for each in document["sections"]}
    assert set(document["withheld"]) == {
        name for name, level in levels.items() if level in ("SUMMARY", "INDICATOR")
    }
    for hidden in ("orientation", "victim_offending", "finances", "informants"):
        assert hidden not in str(document["withheld"])


@pytest.mark.parametrize("agency", [IDVA, COORDINATOR, LANDLORD])
def test_F46_audit_opens_the_override_record_alone_and_statistics_nothing(
    world: World, agency: str
) -> None:
    """P10 opens only D27, P11 opens no section."""
    form = example("c2", referral__needs=["LANGUAGE"], victim__language={"value": "en-GB"})
    form["document"]["referral"].pop("needs")
    ref = world.client(LANDLORD).refer(form).reference
    for purpose, allowed in (("P10", {"override", "conflict_check"}), ("P11", set())):
        wire = world.wire(agency)
        answer = wire.ask("GET", f"/v1/cases/{ref}?purpose={purpose}", "cases:read")
        if answer.status_code == 404:
            continue
        assert set(seen(world.client(agency), ref, purpose)) <= allowed
        assert world.client(agency).pull(ref, purpose).sealed == {}
