"""Every change of a partner's keys stands in the log, in order, and every partner can check it."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway import ledger
from gateway.agencies import key_events
from gateway.client import config, verify
from gateway.client.http import Response
from gateway.client.partners import Unproven
from gateway.demo import world as demo
from gateway.demo.registrars import Registrars
from gateway.errors import Conflict, Undecipherable
from gateway.flows import agencies
from gateway.schemas.codes import AgencyKind, Custody
from gateway.sealing import envelopes, jose
from gateway.store import tables as t
from tests.journeys.world import AUDITOR, BASE, CHURCH, World, example

LANDLORD, IDVA = "harbourgate-homes", "marlbury-idva"


@pytest.fixture(name="world")
def _world(shared_world: World) -> World:
    return shared_world


def log_keys(world: World) -> tuple[str, ...]:
    return ledger.verifier_keys(world.keys)


def proven(world: World, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the log's records say, each found in the tree by functions that know no server."""
    found = []
    for event in answer["events"]:
        text, salt = event["record"].encode(), verify.base64url(event["salt"])
        commitment = hashlib.sha256(salt + text).digest()
        assert verify.base64url(event["commitment"]) == commitment
        proof = {**event, "size": answer["size"], "checkpoint": answer["checkpoint"]}
        verify.check_inclusion(proof, log_keys(world), commitment)
        found.append({**json.loads(text), "index": event["index"]})
    return found


def history(world: World, agency: str = LANDLORD, after: int = 0) -> list[dict[str, Any]]:
    client, found = world.client(agency), []
    while True:
        page = client.key_events(after)
        found += proven(world, page)
        if not page["more"]:
            return found
        after = page["events"][-1]["number"]


def a_set() -> dict[str, Any]:
    return {"keys": [jose.public_part(jose.new_private(use)) for use in ("sig", "enc")]}


def registrars(world: World) -> Registrars:
    return Registrars(world.sessions, world.keys)


def register(
    world: World,
    agency_id: str,
    custody: Custody = Custody.OWN,
    kind: AgencyKind = AgencyKind.LANDLORD,
) -> dict[str, Any]:
    jwks = a_set() if custody is Custody.OWN else None
    registrars(world).register(
        now=world.now,
        agency_id=agency_id,
        name=agency_id,
        kind=kind,
        area="MARLBURY",
        custody=custody,
        jwks=jwks,
    )
    return jwks or {}


def test_F33_every_key_of_the_directory_was_announced_in_the_log(world: World) -> None:
    announced = {
        (record["facts"]["agency"], record["facts"]["kid"]): record["facts"]
        for record in history(world)
        if record["event"] == "agency-key.added"
    }
    listed = world.client(LANDLORD).directory()["agencies"]
    assert len(listed) == len(demo.PARTNERS) + 2
    for row in listed:
        for key in row["keys"]:
            said = announced[row["agency"], key["kid"]]
            assert said["thumbprint"] == jose.thumbprint(key)
            assert (said["use"], said["custody"]) == ("enc", row["custody"])
            assert said["kind"] == row["kind"]
            assert said["valid_from"] == "2026-11-23T10:00:00Z"
    stored = {(row["agency_id"], row["kid"]) for row in world.rows(t.agency_key)}
    assert stored == announced.keys()  # keys to sign with too


def test_F72_the_changes_are_numbered_and_each_names_the_one_before(world: World) -> None:
    records = history(world)
    assert [each["facts"]["number"] for each in records] == list(range(1, len(records) + 1))
    indices = [each["index"] for each in records]
    assert indices == sorted(set(indices))
    commitments = [each["commitment"] for each in world.client(IDVA).key_events()["events"]]
    assert [each["facts"]["previous"] for each in records] == ["", *commitments[:-1]]


@pytest.mark.parametrize("reader", [IDVA, "marlbury-marac", AUDITOR, CHURCH, "fenhollow-idva"])
def test_every_partner_is_shown_the_same(world: World, reader: str) -> None:
    assert history(world, reader) == history(world)


def test_a_new_agency_a_suspension_and_its_end_are_visible_to_all(world: World) -> None:
    last = len(history(world))
    jwks = register(world, "newtown-homes")
    with world.operator() as work:
        agencies.suspend(work, agency_id="newtown-homes")
    with world.operator() as work:
        agencies.resume(work, agency_id="newtown-homes")
    records = history(world, IDVA, after=last)
    assert [(each["event"], each["facts"].get("kid")) for each in records] == [
        *(("agency-key.added", key["kid"]) for key in jwks["keys"]),
        ("agency.suspended", None),
        ("agency.resumed", None),
    ]
    assert {each["facts"]["agency"] for each in records} == {"newtown-homes"}
    assert {each["agency"] for each in records} == {"@operator"}


def test_other_keys_of_an_agency_and_the_end_of_the_old_ones_are_visible_to_all(
    world: World,
) -> None:
    old = register(world, "rekeyed-homes")["keys"]
    last, new = len(history(world)), a_set()
    registrars(world).rekey(now=world.now, agency_id="rekeyed-homes", jwks=new, overlap=48)
    with world.operator() as work:
        agencies.end_key(work, agency_id="rekeyed-homes", kid=old[0]["kid"])
    records = history(world, IDVA, after=last)
    ended, added, stopped = records[:2], records[2:4], records[4:]
    assert {(each["event"], each["facts"]["kid"]) for each in ended} == {
        ("agency-key.ended", key["kid"]) for key in old
    }
    assert {each["facts"]["valid_until"] for each in ended} == {"2026-11-25T10:00:00Z"}
    assert [(each["event"], each["facts"]["kid"]) for each in added] == [
        ("agency-key.added", key["kid"]) for key in new["keys"]
    ]
    (last_one,) = stopped
    assert last_one["facts"]["kid"] == old[0]["kid"]
    assert last_one["facts"]["valid_until"] == "2026-11-23T10:00:00Z"


def test_what_was_registered_before_is_announced_by_command_and_once(world: World) -> None:
    """A register from before this history, as an upgrade finds it."""
    jwks = register(world, "early-homes")
    with world.operator() as work:
        agencies.suspend(work, agency_id="early-homes")
    last = len(history(world)) - 3
    world.execute("DELETE FROM key_event WHERE number > :last", last=last)
    with world.operator() as work:
        assert agencies.announce(work) == 2
    records = history(world, after=last)
    assert [(each["event"], each["facts"].get("kid")) for each in records] == [
        *(("agency-key.added", kid) for kid in sorted(key["kid"] for key in jwks["keys"])),
        ("agency.suspended", None),
    ]
    with world.operator() as work:
        assert agencies.announce(work) == 0


def test_the_custody_is_told_with_the_key(world: World) -> None:
    last = len(history(world))
    register(world, "small-clinic", Custody.HOSTED)
    records = history(world, after=last)
    assert [(r["facts"]["use"], r["facts"]["custody"]) for r in records] == [
        ("sig", "HOSTED"),
        ("enc", "HOSTED"),
    ]
    listed = world.client(IDVA).directory()["agencies"]
    assert [row["custody"] for row in listed if row["agency"] == "small-clinic"] == ["HOSTED"]


def test_a_long_history_comes_in_pages(world: World) -> None:
    while len(world.rows(t.key_event)) <= key_events.PAGE:
        register(world, f"homes-{len(world.rows(t.key_event))}")
    first = world.client(IDVA).key_events()
    assert (len(first["events"]), first["more"]) == (key_events.PAGE, True)
    assert len(history(world)) == len(world.rows(t.key_event)) > key_events.PAGE


def test_several_operators_at_once_leave_no_gap_and_no_number_twice(world: World) -> None:
    """Whoever comes second waits, or is told that somebody did this at the same moment."""
    before = len(history(world))
    done: list[bool] = []

    def enrol(name: str) -> None:
        try:
            register(world, name)
        except Conflict:
            done.append(False)
        else:
            done.append(True)

    threads = [threading.Thread(target=enrol, args=(f"at-once-{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 6
    assert any(done)
    records = history(world)
    assert len(records) == before + 2 * sum(done)
    assert [each["facts"]["number"] for each in records] == list(range(1, len(records) + 1))
    indices = [each["index"] for each in records]
    assert indices == sorted(indices)


def test_nothing_of_a_history_can_be_changed_unnoticed(world: World) -> None:
    """Whoever has the database changes what the directory says: the proofs no longer hold."""
    answer = world.client(LANDLORD).key_events()
    event = answer["events"][0]
    other = event["record"].replace('"custody":"OWN"', '"custody":"HOSTED"')
    assert other != event["record"]
    commitment = hashlib.sha256(verify.base64url(event["salt"]) + other.encode()).digest()
    proof = {**event, "size": answer["size"], "checkpoint": answer["checkpoint"]}
    with pytest.raises(verify.NotVerified):
        verify.check_inclusion(proof, log_keys(world), commitment)
    elsewhere = {**proof, "index": event["index"] + 1}
    with pytest.raises(verify.NotVerified):
        verify.check_inclusion(elsewhere, log_keys(world))


@pytest.mark.parametrize("after", ["-1", "x", "01", "9" * 20, "1.5"])
def test_what_is_no_number_is_refused(world: World, after: str) -> None:
    answer = world.wire(LANDLORD).ask("GET", f"/v1/directory/keys?after={after}", "directory:read")
    assert (answer.status_code, json.loads(answer.data)["code"]) == (400, "bad_after")


def test_beyond_the_last_there_is_nothing(world: World) -> None:
    page = world.client(LANDLORD).key_events(9_999_999_999)
    assert (page["events"], page["more"]) == ([], False)
    assert page["checkpoint"].startswith("marac-gateway/")


# --- a gateway that lies ------------------------------------------------------------------------


def lying(world: World, jwk: Mapping[str, Any], agency: str = IDVA) -> tuple[Any, list[str]]:
    """A landlord's client whose gateway names this key for an agency; and what was asked."""
    asked: list[str] = []

    def send(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Response:
        asked.append(url.removeprefix(BASE).partition("?")[0])
        answer = world.send(method, url, headers, body)
        if not url.endswith("/v1/routing/preview"):
            return answer
        told = json.loads(answer.body)
        for row in told["recipients"]:
            if row["agency"] == agency:
                row["key"] = dict(jwk)
        return Response(answer.status, answer.headers, json.dumps(told).encode())

    client = demo.connect(
        LANDLORD, send, base_url=BASE, folder=world.folder, clock=lambda: world.now
    )
    return client, asked


def test_T05_a_gateway_that_names_its_own_key_for_an_agency_gets_nothing(world: World) -> None:
    """Whoever holds the whole host could read what is sealed to a key of his own: it is not."""
    before = world.counts()
    for jwk in (
        jose.public_part(jose.new_private("enc")),
        dict(world.keys.encryption.public[0]),
        {**jose.public_part(jose.new_private("enc")), "kid": idva_key(world)["kid"]},
    ):
        client, asked = lying(world, jwk)
        with pytest.raises(Unproven):
            client.refer(example("c1"))
        assert "/v1/referrals" not in asked
    assert world.counts() == before
    client, asked = lying(world, idva_key(world))
    assert client.refer(example("c1")).reference


def test_T05_a_gateway_cannot_have_an_address_sealed_to_a_kind_that_never_reads_it(
    world: World,
) -> None:
    """The landlord is real, its key is in the log, and the matrix never opens the section to it."""
    listed = world.client(LANDLORD).directory()["agencies"]
    (other,) = [row for row in listed if row["agency"] == "tidewell-housing"]
    offered = {"kind": "LANDLORD", "key": other["keys"][0], "agency": other["agency"]}
    offered["sections"] = ["protected_address", "safe_contact"]
    posted: list[Any] = []

    def send(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Response:
        answer = world.send(method, url, headers, body)
        if not url.endswith("/v1/routing/preview"):
            return answer
        told = json.loads(answer.body)
        told["recipients"].append(offered)
        posted.append(told)
        return Response(answer.status, answer.headers, json.dumps(told).encode())

    client = demo.connect(
        LANDLORD, send, base_url=BASE, folder=world.folder, clock=lambda: world.now
    )
    ref = client.refer(example("c1")).reference
    assert posted
    copies = world.rows(t.section, case_id=world.case_of(ref), part="SEALED")
    assert {row["audience"] for row in copies} == {IDVA, "marlbury-police"}


def idva_key(world: World) -> dict[str, Any]:
    listed = world.client(LANDLORD).directory()["agencies"]
    return next(dict(row["keys"][0]) for row in listed if row["agency"] == IDVA)


def test_a_key_smuggled_into_the_register_is_not_sealed_to(world: World) -> None:
    """Somebody with the database adds a key for the adviser; no line of the log speaks of it."""
    smuggled = jose.public_part(jose.new_private("enc"))
    with world.engine.begin() as connection:
        connection.execute(
            t.agency_key.insert().values(
                agency_id=IDVA,
                kid=smuggled["kid"],
                use="enc",
                jwk=smuggled,
                thumbprint=smuggled["kid"],
                valid_from=world.now + timedelta(seconds=1),
            )
        )
    world.later(seconds=2)
    with pytest.raises(Unproven, match=f"does not show this key of {IDVA}"):
        world.new_client(LANDLORD).refer(example("c1"))
    world.execute("DELETE FROM agency_key WHERE kid = :kid", kid=smuggled["kid"])
    assert world.new_client(LANDLORD).refer(example("c1")).reference


def test_a_key_that_was_ended_is_not_sealed_to_even_if_the_gateway_names_it(world: World) -> None:
    old = register(world, "aster-two", kind=AgencyKind.IDVA)["keys"][1]
    with world.operator() as work:
        agencies.end_key(work, agency_id="aster-two", kid=old["kid"])
    partners = world.new_client(LANDLORD).partners
    partners.follow()
    with pytest.raises(Unproven, match="has ended"):
        partners.check("aster-two", old, "IDVA")


def test_T22_what_an_agency_signed_stays_proven_after_its_key_was_changed(world: World) -> None:
    """The signed document is kept, and the log shows whose the key was when it came."""
    sender = "tidewell-housing"
    ref = world.client(sender).refer(example("minimal")).reference
    old = json.loads((world.folder / sender / config.SIGNING).read_text("utf-8"))
    (row,) = world.rows(t.referral_version, reference=ref.replace("-", "")[:10])
    case_id = world.case_of(ref)
    place = f"{row['reference']}/1"
    signed = world.opened(case_id, "referral_version", place, row["document"]).decode()
    registrars(world).rekey(now=world.now, agency_id=sender, jwks=a_set(), overlap=0)
    said = {
        each["event"]: each["facts"]
        for each in history(world, IDVA)
        if each["facts"].get("kid") == old["kid"]
    }
    added, ended = said["agency-key.added"], said["agency-key.ended"]
    assert (added["agency"], added["thumbprint"]) == (sender, jose.thumbprint(old))
    public = jose.import_public(jose.public_part(old), "sig")
    claims = json.loads(jose.verify(signed, {old["kid"]: public}, envelopes.DOCUMENT).payload)
    assert (claims["iss"], claims["document"]) == (sender, example("minimal")["document"])
    when = datetime.fromtimestamp(claims["iat"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert added["valid_from"] <= when <= ended["valid_until"]
    changed = signed.rsplit(".", 1)[0] + "." + jose.b64u(bytes(64))
    with pytest.raises(Undecipherable):
        jose.verify(changed, {old["kid"]: public}, envelopes.DOCUMENT)
