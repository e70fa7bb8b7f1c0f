"""JSON from outside means one thing or is refused."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
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
    *((b'{"a":"\\u%b"}' % half, "bad_text") for half in (b"D83D", b"dbfF", b"DC00", b"dfff")),
    (b'{"a":"\\\\ud83d\\ude00"}', "bad_text"),  # a backslash, letters, half a pair
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


GOOD = (
    *("1", "-0", "1.5", "true", "null", '""', '"a"', '"[{"', '"}]"', '"é"', r'"\n"', r'"\u00e9"'),
    *(r'"\\"', r'"\""', r'"\\\"[\\"', r'"\u0001"', r'"\\u0000"', r'"\\\\ud800"', r'"\uD83D\uDE00"'),
)
ESCAPED = (
    *(r'"\u0000"', r'"\\\u0000"', r'"\ud83d"', r'"\uDBFF"', r'"\uDe00"', r'"\udfff"'),
    *(r'"\ude00\ud83d"', r'"\\ud83d\ude00"', r'"\ud83d\\ude00"', r'"\ud83d\u0061"'),
)
BAD = ("1e999", "NaN", "9007199254740992", "nul", "", '"\x00"', "'a'")
LEAVES = st.sampled_from(GOOD) | st.sampled_from(GOOD + ESCAPED) | st.sampled_from(GOOD * 3 + BAD)
MEMBERS = st.sampled_from(
    [
        *('"a"', '"b"', '"c"', '"d"', r'"\u0061"', '"[["', r'"\\u0000"', r'"\ud83d\ude00"'),
        *(r'"\u0000"', r'"\ud800"'),
    ]
)
SOURCES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]")
        | st.lists(st.tuples(MEMBERS, inner), max_size=3).map(
            lambda members: "{" + ", ".join(f"{name}:{value}" for name, value in members) + "}"
        )
    ),
    max_leaves=8,
)


def slowly(data: bytes, max_depth: int) -> object:
    """The rules one after the other: the value, or the code of its refusal."""
    try:
        value = json.loads(data.decode(), object_pairs_hook=members_once, parse_constant=float)
    except KeyError:
        return "duplicate_member"
    except ValueError:
        return "bad_json"
    parts = list(parts_of(value))
    numbers = [part for part, _ in parts if isinstance(part, int | float)]
    if any(not abs(n) < (2**53 if isinstance(n, int) else math.inf) for n in numbers):
        return "bad_number"
    if any(depth > max_depth for part, depth in parts if isinstance(part, dict | list)):
        return "too_deep"
    texts = "".join(part for part, _ in parts if isinstance(part, str))
    if "\x00" in texts or any("\ud800" <= letter <= "\udfff" for letter in texts):
        return "bad_text"
    return repr(value)


def members_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise KeyError
    return dict(pairs)


def parts_of(value: object, depth: int = 1) -> Iterator[tuple[object, int]]:
    """Every value within, the names of members too, and in how many containers it opens."""
    yield value, depth
    if isinstance(value, dict):
        for item in (*value, *value.values()):
            yield from parts_of(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from parts_of(item, depth + 1)


@settings(max_examples=400)
@given(SOURCES, st.integers(0, 5))
def test_what_is_refused_is_what_the_rules_refuse(source: str, max_depth: int) -> None:
    expected = slowly(source.encode(), max_depth)
    try:
        found: object = repr(parse(source.encode(), max_depth=max_depth))
    except Invalid as fault:
        found = fault.code
    # Of two faults that are met in reading, the first is named.
    in_reading = {"bad_json", "bad_number", "duplicate_member"}
    assert found == expected or {found, expected} <= in_reading


@given(st.binary(max_size=60))
def test_nothing_but_a_refusal_comes_of_noise(data: bytes) -> None:
    with contextlib.suppress(Invalid):
        parse(data)
