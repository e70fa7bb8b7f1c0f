"""Single values: what is accepted is what is published, and nothing is coerced."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from marshmallow import ValidationError

from gateway.schemas import fields, shapes
from gateway.schemas.blanks import OrReason
from gateway.schemas.codes import AbsenceReason, Position

TEXT = fields.Text(5)
LINES = fields.Text(9, lines=True)
ACCEPTED = [
    (TEXT, "Ada", "Ada"),
    (TEXT, "Zoe\u0308", "Zo\u00eb"),  # composed, so that equal names are equal
    (TEXT, "\u0995\u09cd\u200c\u09b7", "\u0995\u09cd\u200c\u09b7"),  # joiners belong to scripts
    (LINES, "a\n\tb", "a\n\tb"),
    (fields.Int(0, 9), 9, 9),
    (fields.Bool(), False, False),
    (fields.Code(Position), "GIVEN", Position.GIVEN),
    (fields.Only(False), False, False),
    (shapes.Date(), "2024-02-29", date(2024, 2, 29)),
    (shapes.Timestamp(), "2026-11-21T09:50:00Z", datetime(2026, 11, 21, 9, 50, tzinfo=UTC)),
    (
        shapes.Timestamp(),
        "2026-06-21T09:50:00.25+01:00",
        datetime(2026, 6, 21, 8, 50, 0, 250_000, tzinfo=UTC),
    ),
    (shapes.ClockTime(), "23:59", "23:59"),
    (shapes.NhsNumber(), "9990001022", "9990001022"),
    (shapes.Postcode(), "XX1 2AB", "XX1 2AB"),
    (shapes.Postcode(), "SW1A 1AA", "SW1A 1AA"),
    (shapes.Email(), "a.b+c@example.org", "a.b+c@example.org"),
    (shapes.Language(), "zh-Hant-TW", "zh-Hant-TW"),
    (shapes.Base64Url(16), "AAECAwQFBgcICQoLDA0ODw", "AAECAwQFBgcICQoLDA0ODw"),
]


@pytest.mark.parametrize(("field", "sent", "loaded"), ACCEPTED)
def test_a_value_of_its_shape_is_taken(field: Any, sent: Any, loaded: Any) -> None:
    assert field.deserialize(sent) == loaded


REFUSED = [
    (TEXT, [5, b"Ada", ["Ada"], True, None, 1.0], "wrong_type"),
    (TEXT, ["", " ", "\u00a0"], "too_short"),
    (TEXT, ["sixsix"], "too_long"),
    (
        TEXT,
        [
            "a\x00",
            "a\n",
            "a\t",
            "\x7f",
            "\x85",
            "a\u202eb",
            "\u2066",
            "\ufeffa",
            "\u2028",
            "\ud800",
        ],
        "bad_text",
    ),
    (LINES, ["a\rb", "\x1b[0m"], "bad_text"),
    (fields.Int(0, 9), ["5", 5.0, True, "\u0665", None, [5]], "wrong_type"),
    (fields.Int(0, 9), [-1, 10], "out_of_range"),
    (fields.Bool(), [1, 0, "true", "yes", None, 1.0], "wrong_type"),
    (fields.Code(Position), ["given", "GIVEN ", ""], "unknown_code"),
    (fields.Code(Position), [1, None, ["GIVEN"], {}], "wrong_type"),
    (fields.Only(False), [0, None, "false"], "wrong_type"),
    (fields.Only(False), [True], "unknown_code"),
    (
        shapes.Date(),
        ["20260203", "2026-2-3", "2026-02-30", "2026-W05-1", "\u0662\u0660\u0662\u0666-01-01"],
        "bad_date",
    ),
    (shapes.Date(), ["1899-12-31", "2200-01-01"], "out_of_range"),
    (shapes.Date(), [20260203, None], "wrong_type"),
    (
        shapes.Timestamp(),
        [
            "2026-11-21T09:50:00",
            "2026-11-21 09:50:00Z",
            "2026-11-21T09:50Z",
            "2026-11-21T24:00:00Z",
            "2026-11-21T23:59:60Z",
            "2026-11-21T09:50:00+0100",
            "0001-01-01T00:00:00+23:59",
        ],
        "bad_time",
    ),
    (shapes.Timestamp(), [1795262400], "wrong_type"),
    (shapes.ClockTime(), ["24:00", "9:30", "09:60"], "bad_format"),
    (shapes.NhsNumber(), ["9990001023", "0000000001"], "bad_check_digit"),
    (shapes.NhsNumber(), ["999 000 1022", "99900010"], "bad_format"),
    (shapes.NhsNumber(), [9990001022], "wrong_type"),
    (shapes.Postcode(), ["xx1 2ab", "XX12AB", "XX1  2AB", "XX1 2AC", "X"], "bad_format"),
    (shapes.Email(), ["a@b", "a b@example.org", "@example.org", "a@" + "b" * 300], "bad_format"),
    (shapes.Uuid(), ["{6f1c2d3e-4a5b-4c6d-8e7f-90a1b2c3d4e5}", "6F1C"], "bad_format"),
    (shapes.Language(), ["english!", "e", "en_GB"], "bad_format"),
    (shapes.Base64Url(16), ["AAECAwQFBgcICQoLDA0ODx", "AAECAwQFBgcICQoLDA0ODw=="], "bad_format"),
    (shapes.PersonRef(), ["1", "P1", "../x"], "bad_format"),
]


@pytest.mark.parametrize(
    ("field", "sent", "code"),
    [(field, each, code) for field, sent, code in REFUSED for each in sent],
)
def test_nothing_is_coerced(field: Any, sent: Any, code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        field.deserialize(sent)
    assert caught.value.messages == [code]


@pytest.mark.parametrize("reason", list(AbsenceReason))
def test_a_blank_carries_its_reason(reason: AbsenceReason) -> None:
    assert OrReason(TEXT).deserialize({"absent": reason.value}) == {"absent": reason}
    assert OrReason(TEXT).deserialize({"value": "Ada"}) == {"value": "Ada"}


@pytest.mark.parametrize(
    ("sent", "messages"),
    [
        ({}, {"value": ["value_or_absent"], "absent": ["value_or_absent"]}),
        ({"value": "Ada", "absent": "UNKNOWN"}, {"absent": ["not_both"]}),
        ({"value": None}, {"value": ["wrong_type"]}),
        ({"absent": None}, {"absent": ["wrong_type"]}),
        ({"absent": "NO"}, {"absent": ["unknown_code"]}),
        ({"why": "x"}, {"why": ["unknown_field"]}),
        ({"value": "Ada", "why": "x"}, {"why": ["unknown_field"]}),
        ("Ada", ["wrong_type"]),
        (None, ["wrong_type"]),
        ([], ["wrong_type"]),
    ],
)
def test_a_blank_without_a_reason_is_no_answer(sent: Any, messages: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        OrReason(TEXT).deserialize(sent)
    assert caught.value.messages == messages
