"""An error is a problem document: a code, pointers, an id to ask about, and no value."""

from __future__ import annotations

import json
import logging
import uuid
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from gateway.api import problem
from gateway.api.openapi import document
from gateway.errors import (
    BrokenTable,
    Conflict,
    Denied,
    GatewayError,
    Invalid,
    Mismatch,
    NotFound,
    OutOfScope,
    Problem,
    Unauthenticated,
    Unavailable,
    Undecipherable,
)
from tests.journeys.asking import BY_NAME, asking, told
from tests.journeys.world import BASE, World, example

SECRET = "Elena Marsh-Okoro, 12 Tern Court"

STATUS: tuple[tuple[Exception, int, str], ...] = (
    (Invalid("x"), 422, "invalid"),
    (Invalid("x", Problem("missing", "/a")), 422, "invalid"),
    (Invalid("x", Problem("bad_json", ""), code="bad_json"), 400, "bad_json"),
    (Undecipherable("x"), 400, "undecipherable"),
    (Undecipherable("x", Problem("not_sealed", "/sealed/0")), 422, "undecipherable"),
    (Unauthenticated("x"), 401, "invalid_token"),
    (OutOfScope("x"), 403, "insufficient_scope"),
    (Mismatch("x"), 403, "mismatch"),
    (NotFound("x"), 404, "not_found"),
    (Denied("conflict", subject="a"), 404, "not_found"),
    (Conflict("x", code="illegal_state"), 409, "illegal_state"),
    (Unavailable("x"), 503, "unavailable"),
    (BrokenTable("x"), 500, "broken_table"),
)


def answered(app: Flask, error: Exception) -> Any:
    """What a view that raises this error answers."""
    with app.test_request_context("/"):
        handler = (
            problem.answer_expected
            if isinstance(error, GatewayError)
            else problem.answer_unexpected
        )
        return handler(error)  # type: ignore[arg-type]


@pytest.mark.parametrize(("error", "status", "code"), STATUS, ids=lambda each: str(each)[:30])
def test_each_kind_of_error_has_one_status(
    shared_sqlite_world: World, error: Exception, status: int, code: str
) -> None:
    answer = answered(shared_sqlite_world.app, error)
    assert answer.content_type == "application/problem+json"
    found, _, body = told(answer)
    assert (found, body["status"], body["code"]) == (status, status, code)
    assert body["type"] == f"{BASE}/problems#{code}"
    assert body["title"]


def test_promise_02_a_refusal_and_an_absence_are_the_same_answer(
    shared_sqlite_world: World,
) -> None:
    app = shared_sqlite_world.app
    refusal = told(answered(app, Denied("conflict", subject="a case")))
    absence = told(answered(app, NotFound("There is nothing of that name.")))
    assert refusal == absence
    assert "detail" not in refusal[2]


def test_each_answer_has_an_id_of_its_own(shared_sqlite_world: World) -> None:
    ids = {
        json.loads(answered(shared_sqlite_world.app, NotFound()).data)["instance"] for _ in range(5)
    }
    assert len(ids) == 5
    assert all(uuid.UUID(each.removeprefix("urn:uuid:")).version == 4 for each in ids)


@pytest.mark.parametrize("error", [ValueError(SECRET), KeyError(SECRET), RecursionError(SECRET)])
def test_V18_a_fault_of_ours_tells_no_value(
    shared_sqlite_world: World, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    with caplog.at_level(logging.DEBUG):
        try:
            raise error
        except Exception as raised:
            answer = answered(shared_sqlite_world.app, raised)
    status, _, body = told(answer)
    assert (status, body["code"]) == (500, "error")
    assert body.keys() == {"type", "title", "status", "code"}
    assert caplog.records
    for record in caplog.records:
        assert "Marsh" not in record.getMessage()
        assert record.exc_info is None
    assert "Marsh" not in answer.get_data(as_text=True)


def test_V18_the_databases_own_words_do_not_come_through(
    sqlite_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """A driver's message may hold what was sent."""
    with sqlite_world.engine.begin() as connection:
        connection.execute(text("DROP TABLE referral_version"))
    wire = sqlite_world.wire("harbourgate-homes")
    body = wire.envelope("referral/1", a_document())
    with caplog.at_level(logging.DEBUG):
        answer = asking(BY_NAME["submit_referral"], wire).but(body=body).send(wire)
    assert told(answer)[0] in (500, 503)
    for words in (answer.text, caplog.text):
        assert "Marsh" not in words
        assert "INSERT" not in words


def a_document() -> Any:
    return example("c1", victim__contact={"absent": "UNKNOWN"})["document"]


def test_F14_every_code_that_an_error_can_have_is_published() -> None:
    """A client can look up what a code means; the page is made from the same list."""
    published = json.dumps(document(BASE))
    for _, _, code in STATUS:
        if code not in ("error", "broken_table"):
            assert f'"{code}"' in published or code in published
