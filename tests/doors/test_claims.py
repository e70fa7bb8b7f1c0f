"""The bytes of claims: the quick way says what RFC 8785 says, and the padding is the old one."""

from __future__ import annotations

import json
import math
from enum import StrEnum
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.schemas.codes import Level, Purpose
from gateway.sealing.claims import SMALLEST, canonical, content_digest, padded, padme

LARGEST = 2**53 - 1
TEXTS = st.text(
    st.characters() | st.sampled_from('\x00\x1f\x7f"\\/\u2028\ud800\ue000\uffff\U0001f600')
)
NAMES = st.sampled_from(["", "a", "B", "é", "\ue000", "\U0001f600", "\ud800"]) | st.text(max_size=3)
WHOLES = st.integers() | st.sampled_from([LARGEST, -LARGEST, LARGEST + 1, -LARGEST - 1])
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | WHOLES | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=15,
)
PLAIN: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="ascii"), max_size=4), inner, max_size=6)
    ),
)


class Colour(StrEnum):
    RED = "red"


def spelled(how: Any, value: Any) -> bytes | str:
    try:
        made: bytes = how(value)
    except ValueError:  # what rfc8785 raises is one, whatever the fault
        return "refused"
    return made


@given(VALUES)
@example({"\ue000": 1, "\U0001f600": 2})  # UTF-16 sorts them the other way round
@example({"a": 1.0, "b": 1e21, "c": 1e-7, "d": -0.0})
@example({"a": math.nan})
@example([LARGEST, -LARGEST, True, None])
@example([LARGEST + 1])
@example("\ud800")
@example({"\ud800": 1})
@example({"levels": {"risk_answers": Level.FULL}, "purposes": [Purpose.P2]})
def test_a_value_has_the_spelling_of_rfc_8785(value: Any) -> None:
    assert spelled(canonical, value) == spelled(rfc8785.dumps, value)


@given(PLAIN)
def test_what_documents_hold_has_it_too(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize(
    "value",
    [{1: 1}, {None: 1}, {True: 1}, {"a": 1, 2: 2}, {"a": {1, 2}}, [b"a"], object(), 1j],
)
def test_what_is_no_json_is_refused_not_made_to_fit(value: Any) -> None:
    assert spelled(canonical, value) == "refused"


@pytest.mark.parametrize("value", [(1, (2,)), {"a": Colour.RED}, {Colour.RED: 1}, [Colour.RED]])
def test_what_stands_for_json_is_spelled_as_such(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize(
    ("document", "start"),
    [
        ({"b": [1, "é", {"z": None, "a": True}], "a": "\n"}, "b7dd4de615682fb2"),
        ({"\ue000": 0.5, "\U0001f600": "\U0001f600"}, "6acd6b4e210e2470"),
    ],
)
def test_a_digest_stays_what_it_was(document: Any, start: str) -> None:
    item = {"section": "safe_contact", "digest": "d", "recipients": []}
    assert content_digest("referral/1", document, [item]).startswith(start)


@given(PLAIN, st.booleans(), st.integers(0, 2000))
def test_the_pad_is_the_last_member_and_the_rest_is_as_given(
    value: Any, was_padded: bool, length: int
) -> None:
    claims = {**({"pad": "old"} if was_padded else {}), "document": value, "text": "x" * length}
    bare = {name: item for name, item in claims.items() if name != "pad"}

    def dumped(pad: str) -> bytes:
        whole = {**bare, "pad": pad}
        return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()

    size = len(dumped(""))
    assert padded(claims) == dumped("0" * (padme(max(size, SMALLEST)) - size))
    assert padded({}) == b'{"pad":"%b"}' % (b"0" * (SMALLEST - 10))
