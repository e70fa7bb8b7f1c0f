"""JSON from outside means one thing or is refused."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Invalid, Problem
from gateway.schemas.problem import PROBLEM_TEXTS
from gateway.schemas.strict_json import parse

REFUSED = [
    (b"\xef\xbb\xbf{}", "bad_utf8"),
    (b'{"a":"\xff"}', "bad_utf8"),
    (b'{"a":"\xed\xa0\x80"}', "bad_utf8"),  # a surrogate, encoded
    (b'{"a":"\xc0\x80"}', "bad_utf8"),  # NUL, overlong
    ('{"a":1}'.encode("utf-16"), "bad_utf8"),
    (b"", "bad_json"),
    (b"{", "bad_json"),
    (b"{} {}", "bad_json"),
    (b"{'a':1}", "bad_json"),
    (b'{"a":1,}', "bad_json"),
    (b'{"a":"\x00"}', "bad_json"),
    (b'{"a":01}', "bad_json"),
    (b"9" * 5000, "bad_number"),
    (b"9007199254740992", "bad_number"),
    (b"-9007199254740992", "bad_number"),
    (b'{"a":"\\u0000"}', "bad_text"),
    (b'{"\\u0000":1}', "bad_text"),
    (b'["x",["\\u0000"]]', "bad_text"),
    (b'{"a":"\\ud800"}', "bad_text"),
    (b'{"a":"\\udc00\\ud800"}', "bad_text"),
    (b'{"a":NaN}', "bad_number"),
    (b'{"a":-Infinity}', "bad_number"),
    (b'{"a":1e999}', "bad_number"),
    (b'{"a":1,"a":1}', "duplicate_member"),
    (b'{"a":{"b":1,"\\u0062":2}}', "duplicate_member"),
    (b"[" * 33 + b"]" * 33, "too_deep"),
    (b'{"a":' * 33 + b"1" + b"}" * 33, "too_deep"),
    (b"[" * 200_000 + b"]" * 200_000, "too_deep"),
]


@pytest.mark.parametrize(("data", "code"), REFUSED, ids=lambda each: str(each)[:30])
def test_text_that_could_mislead_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse(data)
    assert caught.value.code == code
    assert caught.value.problems == (Problem(code, ""),)
    assert code in PROBLEM_TEXTS


def test_depth_is_counted_in_containers() -> None:
    assert parse(b"[[1]]", max_depth=2) == [[1]]
    with pytest.raises(Invalid):
        parse(b"[[[]]]", max_depth=2)
    assert parse(b"1", max_depth=0) == 1


def test_an_escaped_pair_is_one_character() -> None:
    assert parse(b'"\\ud83d\\ude00"') == "\N{GRINNING FACE}"


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(1 - 2**53, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(VALUES, st.booleans())
def test_what_is_well_formed_is_read_as_it_is(value: Any, escaped: bool) -> None:
    assert parse(json.dumps(value, ensure_ascii=escaped).encode()) == value


@given(st.binary(max_size=60))
def test_nothing_but_a_refusal_comes_of_noise(data: bytes) -> None:
    with contextlib.suppress(Invalid):
        parse(data)
