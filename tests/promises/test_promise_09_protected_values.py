"""Promise 9: protected values are looked for on every way out, and every way out is registered."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.api.operations import OPERATIONS
from gateway.disclosure import seal_answer, ways
from gateway.disclosure.ways import Way
from gateway.rules.leaks import HELD
from gateway.schemas.codes import Purpose
from tests.journeys.world import World, example, world

__all__ = ["world"]
SENDER, IDVA = "fenhollow-idva", "marlbury-idva"
SURGERY = "Quillfeather Surgery"
TELLING = "She was followed from the QUILLFEATHER  surgery, and knows the way."


def hidden(**changes: Any) -> dict[str, Any]:
    """A referral of somebody in a refuge, whose surgery is named where it should not be."""
    form = example("c3", victim__gp_practice={"name": SURGERY}, **changes)
    form["document"]["incidents"][0]["what"] = TELLING
    return form


def told(world: World, agency: str, reference: str) -> str:
    pulled = world.client(agency).pull(reference, "P2")
    return json.dumps([pulled.document["sections"], pulled.reveal()], ensure_ascii=False)


def test_promise_09_a_text_that_names_the_surgery_is_held_for_who_may_not_know_it(
    world: World,
) -> None:
    reference = world.client(SENDER).refer(hidden()).reference
    seen = told(world, IDVA, reference)
    assert "uillfeather" not in seen.casefold()
    assert HELD in seen
    assert [each["agency"] for each in world.log(event="case.held")] == [IDVA]


def test_promise_09_the_sender_reads_its_own_words(world: World) -> None:
    reference = world.client(SENDER).refer(hidden()).reference
    own = json.dumps(world.client(SENDER).referral(reference), ensure_ascii=False)
    assert SURGERY in own
    assert TELLING in own


def test_promise_09_nothing_is_held_where_the_perpetrator_knows_the_address(world: World) -> None:
    form = example("c1", victim__gp_practice={"name": SURGERY})
    form["document"]["incidents"][0]["what"] = TELLING
    reference = world.client("harbourgate-homes").refer(form).reference
    assert TELLING in told(world, IDVA, reference)


def test_promise_09_every_operation_is_a_registered_way_out() -> None:
    assert {each.name for each in OPERATIONS} == set(ways.OPERATIONS)
    sealed = {each.name for each in OPERATIONS if each.method == "GET" and "jose" in each.answers}
    assert {n for n, way in ways.OPERATIONS.items() if way is not Way.CODES} <= sealed


def test_promise_09_an_answer_of_an_unregistered_form_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="registered"):
        seal_answer(
            None,  # type: ignore[arg-type]  # it is refused before it is used
            issuer="",
            form="export/1",
            document={},
            purpose=Purpose.P9,
            entry=None,  # type: ignore[arg-type]
            cases=(),
        )
