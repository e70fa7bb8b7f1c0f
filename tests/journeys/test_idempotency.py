"""A retry is answered as the first time, byte for byte; one key is good for one content (F16)."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest

from gateway.client.access import ProblemError
from gateway.store import tables as t
from tests.journeys.asking import BY_NAME, JSON, asking, told
from tests.journeys.world import World, example

LANDLORD, IDVA, COORDINATOR = "harbourgate-homes", "marlbury-idva", "marlbury-marac"


def cases(world: World) -> int:
    return len(world.rows(t.case))


def test_F16_a_retry_an_hour_later_is_answered_byte_for_byte(world: World) -> None:
    """Signed again, sealed again, with another jti and another token: the content is the same."""
    landlord, key = world.client(LANDLORD), str(uuid.uuid4())
    first = landlord.refer(example("c1"), idempotency_key=key)
    world.later(hours=1)
    again = landlord.refer(example("c1"), idempotency_key=key)
    assert again.token == first.token
    assert cases(world) == 1
    assert [each["event"] for each in world.log()][-1] == "answer.repeated"


def test_F16_even_the_very_same_bytes_are_answered_again(world: World) -> None:
    wire, key = world.wire(LANDLORD), str(uuid.uuid4())
    request = asking(BY_NAME["submit_referral"], wire)
    answers = [request.send(wire, key=key) for _ in range(3)]
    assert {each.status_code for each in answers} == {201}
    assert len({each.data for each in answers}) == 1
    assert cases(world) == 1


def test_F16_another_sealing_of_the_same_content_is_the_same_content(world: World) -> None:
    """The client seals X anew for a retry; its digest, and so the content, stays."""
    landlord = world.new_client(LANDLORD)
    key = landlord.key_for(example("c1"))
    first = landlord.refer(example("c1"), idempotency_key=key)
    other = world.new_client(LANDLORD)  # the same agency after a restart
    assert other.key_for(example("c1")) == key
    assert other.refer(example("c1"), idempotency_key=key).token == first.token


def test_F16_the_same_key_with_other_content_is_a_conflict(world: World) -> None:
    landlord, key = world.client(LANDLORD), str(uuid.uuid4())
    landlord.refer(example("c1"), idempotency_key=key)
    before = world.counts()
    for changed in (
        example("c1", victim__position="WITHHELD"),
        example("c1", referral__rationale="Other words."),
        example("minimal"),
    ):
        with pytest.raises(ProblemError) as problem:
            landlord.refer(changed, idempotency_key=key)
        assert (problem.value.status, problem.value.code) == (409, "idempotency_key_reused")
    assert world.counts() == before


def test_F16_other_plaintext_in_a_sealed_section_is_other_content(world: World) -> None:
    landlord, key = world.client(LANDLORD), str(uuid.uuid4())
    landlord.refer(example("c1"), idempotency_key=key)
    changed = example("c1")
    changed["sealed"]["safe_contact"]["channels"][0]["value"] = "07700 900124"
    with pytest.raises(ProblemError) as problem:
        landlord.refer(changed, idempotency_key=key)
    assert problem.value.code == "idempotency_key_reused"


def test_F16_a_used_jti_with_another_key_is_refused(world: World) -> None:
    wire = world.wire(LANDLORD)
    request = asking(BY_NAME["submit_referral"], wire)
    assert request.send(wire).status_code == 201
    before = world.counts()
    status, _, body = told(request.send(wire, key=str(uuid.uuid4())))
    assert (status, body["code"]) == (400, "replayed_jti")
    assert world.counts() == before


def test_a_used_jti_is_forgotten_once_its_document_is_too_old(world: World) -> None:
    """What could not be used again anyway is not kept; our client's documents live 5 minutes."""
    landlord = world.client(LANDLORD)
    landlord.refer(example("minimal"))
    world.later(minutes=4)
    landlord.refer(example("minimal"))
    assert len(world.rows(t.document_jti)) == 2
    world.later(minutes=2)
    landlord.refer(example("minimal"))
    assert len(world.rows(t.document_jti)) == 2


def test_F16_a_key_belongs_to_one_agency(world: World) -> None:
    """Another agency's key of the same value says nothing: no answer of one reaches another."""
    key = str(uuid.uuid4())
    first = world.client(LANDLORD).refer(example("minimal"), idempotency_key=key)
    second = world.client("tidewell-housing").refer(example("minimal"), idempotency_key=key)
    assert first.reference != second.reference
    assert cases(world) == 2


def test_F16_the_referrers_own_case_number_is_no_key(world: World) -> None:
    landlord = world.client(LANDLORD)
    first = landlord.refer(example("c1"))
    second = landlord.refer(example("c1"))
    assert first.reference != second.reference


@pytest.mark.parametrize("kind", ["acknowledgement", "decision", "position", "withdrawal"])
def test_F16_every_act_is_done_once(world: World, kind: str) -> None:
    ref = world.client(LANDLORD).refer(example("c1")).reference
    names = {
        "acknowledgement": ("acknowledge_case", IDVA),
        "decision": ("decide_case", COORDINATOR),
        "position": ("record_position", LANDLORD),
        "withdrawal": ("withdraw_referral", LANDLORD),
    }
    name, agency = names[kind]
    wire, key = world.wire(agency), str(uuid.uuid4())
    request = asking(BY_NAME[name], wire, reference=ref)
    first = request.send(wire, key=key)
    assert first.status_code in (200, 201)
    counts = world.counts()
    world.later(minutes=10)
    again = asking(BY_NAME[name], wire, reference=ref)  # signed again
    second = again.send(wire, key=key)
    assert (second.status_code, second.data) == (first.status_code, first.data)
    assert second.content_type == first.content_type
    assert world.counts() == counts


def test_F16_a_key_is_not_shared_between_acts(world: World) -> None:
    """What a key was answered for one act is no answer to another."""
    ref = world.client(LANDLORD).refer(example("c1")).reference
    wire, key = world.wire(IDVA), str(uuid.uuid4())
    request = asking(BY_NAME["acknowledge_case"], wire, reference=ref)
    assert request.send(wire, key=key).status_code == 200
    other = request.but(body=b'{"outcome":"DECLINED","reason":"NO_CAPACITY"}', media=JSON)
    status, _, body = told(other.send(wire, key=key))
    assert (status, body["code"]) == (409, "idempotency_key_reused")


def test_F16_a_refused_document_leaves_its_key_free(world: World) -> None:
    landlord, key = world.client(LANDLORD), str(uuid.uuid4())
    with pytest.raises(ProblemError) as problem:
        landlord.refer(example("minimal", victim__position="NOWHERE"), idempotency_key=key)
    assert problem.value.status == 422
    assert landlord.refer(example("minimal"), idempotency_key=key).reference


def test_F16_eight_at_once_make_one_case(world: World) -> None:
    """The client lost patience seven times; there is one referral, and one receipt."""
    key, form = str(uuid.uuid4()), example("c1")
    clients = [world.new_client(LANDLORD) for _ in range(8)]
    got: list[str] = []
    failed: list[BaseException] = []
    gate = threading.Barrier(8)

    def send(client: Any) -> None:
        client.directory()
        gate.wait()
        try:
            got.append(client.refer(form, idempotency_key=key).token)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=send, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(got) == 8
    assert len(set(got)) == 1
    assert cases(world) == 1
    assert len(world.rows(t.referral)) == 1


def test_F21_the_receipt_is_signed_and_names_its_place_in_the_log(world: World) -> None:
    landlord = world.client(LANDLORD)
    receipt = landlord.refer(example("c1"))
    log = receipt.claims["log"]
    assert log["checkpoint"].startswith("marac-gateway/")
    landlord.checkpoint()  # sequences
    entry = landlord.log_entry(log["commitment"])
    assert entry["index"] >= 0


def test_F23_a_reference_is_safe_to_read_aloud(world: World) -> None:
    """10 random symbols and a check symbol; case, O for 0 and I or L for 1 do not matter."""
    landlord = world.client(LANDLORD)
    ref = landlord.refer(example("minimal")).reference
    assert len(ref.replace("-", "")) == 11
    assert not set(ref) & set("ILOUilou")
    spoken = ref.lower().replace("0", "o").replace("1", "l")
    for written in (spoken, ref.replace("-", ""), f"{ref.lower()}"):
        assert landlord.referral(written)["reference"] == ref
    wrong = ref[:-1] + ("A" if ref[-1] != "A" else "B")
    with pytest.raises(ProblemError) as problem:
        landlord.referral(wrong)
    assert problem.value.status == 404
