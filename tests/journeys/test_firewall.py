"""The safe-address firewall: what would tell where she is does not leave in anybody's words."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from gateway.client.gateway import Gateway
from gateway.rules.leaks import HELD
from gateway.schemas.codes import Scope
from gateway.sealing import outgoing
from tests.journeys.world import World, example, seen

SENDER, IDVA = "fenhollow-idva", "marlbury-idva"
COORDINATOR, CSC = "marlbury-marac", "marlbury-csc"
FIRST, LAST = "He has asked her mother where she is.", "She is afraid of the weekend."
SAYINGS = (
    "She has a room at Lantern House now.",
    "She is at 3 Heron Yd, he does not know.",
    "post goes to xx19zz",
    "ring her on {number}",
)


def other_program(client: Gateway, form: dict[str, Any]) -> str:
    """Send a form as a program would that does not look into its own words."""
    _, claims = client._exchange.submit(
        "/v1/referrals", form, Scope.REFERRALS_WRITE, None, client.partners.checker
    )
    return str(claims["sub"])


def told(saying: str) -> dict[str, Any]:
    form = example("c3", children_concern="SIGNIFICANT_HARM")
    channels = form["sealed"]["safe_contact"]["channels"]
    number = next(each["value"] for each in channels if each["channel"] in ("MOBILE", "LANDLINE"))
    spaced = f"+44 {number.replace(' ', '').removeprefix('0')}"
    said = saying.format(number=spaced)
    form["document"]["incidents"][0]["what"] = f"{FIRST}\n{said}\n{LAST}"
    return form


@pytest.mark.parametrize("saying", SAYINGS)
def test_T01_F56_a_sealed_value_in_open_words_is_held_from_who_may_not_know_it(
    world: World, saying: str
) -> None:
    form = told(saying)
    text = form["document"]["incidents"][0]["what"]
    ref = other_program(world.client(SENDER), form)
    level, content = seen(world.client(IDVA), ref, "P2")["incidents"]
    assert (level, content["incidents"][0]["what"]) == ("FULL", text)
    for agency in (COORDINATOR, CSC):
        level, content = seen(world.client(agency), ref, "P1")["incidents"]
        assert level == "FULL"
        assert content["incidents"][0]["what"] == f"{FIRST}\n{HELD}\n{LAST}"
    assert world.client(SENDER).referral(ref)["document"]["incidents"][0]["what"] == text


def test_T01_M4_the_chair_is_told_where_and_once(world: World) -> None:
    ref = other_program(world.client(SENDER), told(SAYINGS[0]))
    world.client(COORDINATOR).decide(ref, {"decision": "ACCEPT"})
    world.sequence()
    before = len(world.client(COORDINATOR).list_cases()["items"])
    for _ in range(2):
        world.later(seconds=1)
        seen(world.client(CSC), ref, "P1")
        world.sequence()
    assert len(world.client(COORDINATOR).list_cases()["items"]) <= before + 1
    told_of = world.client(COORDINATOR).pull(ref, "P9").document["triage"]["held"]
    assert {each["agency"] for each in told_of} >= {CSC, COORDINATOR}
    assert {(each["section"], each["owner"], each["place"]) for each in told_of} == {
        ("incidents", SENDER, "/incidents/0/what#2")
    }
    (line, *_) = [each for each in world.log(event="case.held") if each["agency"] == CSC]
    assert line["facts"]["places"] == ["incidents:/incidents/0/what#2"]
    assert "Lantern" not in json.dumps(world.log(event="case.held"))


def test_who_has_no_part_in_coordinating_is_not_told_what_others_are_not_given(
    world: World,
) -> None:
    ref = other_program(world.client(SENDER), told(SAYINGS[0]))
    seen(world.client(COORDINATOR), ref, "P1")
    for agency in (IDVA, CSC):
        assert "triage" not in world.client(agency).pull(ref, "P1").document


def test_M4_the_tokens_tell_neither_reader_nor_database_a_value(world: World) -> None:
    form = told(SAYINGS[1])
    sent: list[dict[str, Any]] = []
    ref = other_program(world.client(SENDER), form)
    pulled = world.client(COORDINATOR).pull(ref, "P9")
    sent += pulled.document["sections"]
    assert "tokens" not in json.dumps(sent)
    assert all("scan" not in each for each in world.client(IDVA).pull(ref, "P2").document["sealed"])


def test_M4_a_referral_without_tokens_is_taken_as_before(world: World) -> None:
    """An older client sends none: only what the gateway can read is looked for."""
    form = told(SAYINGS[0])
    client = world.client(SENDER)
    key = str(uuid.uuid4())
    document, plain = form["document"], form["sealed"]
    exchange = client._exchange
    offered = exchange.post(
        "/v1/routing/preview", outgoing.preview_question(document), Scope.REFERRALS_WRITE
    )
    sealed = outgoing.seal_sections(
        document, plain, offered, key=key, secret=b"s" * 32, check=client.partners.checker()
    )
    bare = [{name: value for name, value in each.items() if name != "scan"} for each in sealed]
    receipt = exchange.send_sealed(
        "/v1/referrals", "referral/1", document, Scope.REFERRALS_WRITE, sealed=bare
    )
    content = seen(world.client(COORDINATOR), str(receipt["sub"]), "P1")["incidents"][1]
    assert content["incidents"][0]["what"] == document["incidents"][0]["what"]
