"""Which ways to reach her are safe: only a plain yes, of a contact that holds today."""

from __future__ import annotations

from datetime import date
from itertools import product
from typing import Any

import pytest

from gateway.schemas.codes import YesNoUnknown
from gateway.schemas.contacting import HIDDEN, safe_uses, safe_view

TODAY = date(2026, 11, 23)
NAMES = {
    "safe_to_call": "CALL",
    "safe_to_leave_voicemail": "VOICEMAIL",
    "safe_to_text": "TEXT",
    "safe_to_email": "EMAIL",
    "safe_for_letter": "LETTER",
}


def channel(**changes: Any) -> dict[str, Any]:
    whole = {
        "channel": "MOBILE",
        "value": "07700 900123",
        **dict.fromkeys(NAMES, "YES"),
        "perpetrator_has_access": "NO",
        "device_monitored_suspected": "NO",
        "review_by": "2026-11-23",
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


@pytest.mark.parametrize(("name", "said"), list(product(NAMES, (*YesNoUnknown, None))))
def test_T19_only_a_plain_yes_is_safe(name: str, said: str | None) -> None:
    uses = safe_uses(channel(**{name: said}), TODAY)
    assert (NAMES[name] in uses) is (said == "YES")
    assert set(uses) - {NAMES[name]} == {*NAMES.values()} - {NAMES[name]}


@pytest.mark.parametrize("by", ["perpetrator_has_access", "device_monitored_suspected"])
@pytest.mark.parametrize("said", ["YES", "UNKNOWN", None])
def test_T19_where_he_may_look_nothing_is_left_to_read(by: str, said: str | None) -> None:
    assert safe_uses(channel(**{by: said}), TODAY) == ("CALL", "LETTER")


@pytest.mark.parametrize(
    ("review_by", "is_safe"),
    [("2026-11-24", True), ("2026-11-23", True), ("2026-11-22", False), (None, False)],
)
def test_T19_what_is_out_of_date_is_not_shown(review_by: str | None, is_safe: bool) -> None:
    (shown,) = safe_view({"channels": [channel(review_by=review_by)]}, TODAY)["channels"]
    assert bool(shown["safe_uses"]) is is_safe
    assert shown["value"] == ("07700 900123" if is_safe else HIDDEN)


def test_T19_what_may_be_used_for_something_says_for_what() -> None:
    said = {
        "channels": [channel(safe_to_text="UNKNOWN"), channel(value=None)],
        "notes": "Mornings.",
    }
    shown = safe_view(said, TODAY)
    assert shown["notes"] == "Mornings."
    assert shown["channels"][0]["safe_uses"] == ["CALL", "VOICEMAIL", "EMAIL", "LETTER"]
    assert "value" not in shown["channels"][1]
    assert "safe_uses" not in said["channels"][0]
