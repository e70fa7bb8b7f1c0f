"""How the text of a case is laid out: nothing of it is lost, and codes become words."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.desk.reading import blocks
from tests.journeys.world import example

FORMS = ("c1", "c2", "c3", "c4", "c5", "minimal")


def texts(value: Any) -> list[str]:
    """What people wrote, wherever it stands."""
    if isinstance(value, dict):
        return [text for name, each in value.items() if name != "sha256" for text in texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in texts(each)]
    return [value] if isinstance(value, str) and " " in value else []


@pytest.mark.parametrize("name", FORMS)
def test_F88_every_text_of_a_form_is_shown_as_it_was_written(name: str) -> None:
    document = example(name)["document"]
    for section, content in document.items():
        shown = [
            text
            for block in blocks({section: content}, {})
            for line in block.lines
            for text in (line.text, line.more)
        ]
        for text in texts(content):
            assert any(text in each for each in shown), (section, text)


def test_a_name_in_capitals_is_no_code() -> None:
    (block,) = blocks({"given_names": "ANNE MARY", "position": "NOT_SOUGHT_UNSAFE"}, {})
    assert [line.text for line in block.lines] == ["ANNE MARY", "Not sought unsafe"]


def test_unknown_is_never_shown_as_no() -> None:
    (block,) = blocks(
        {"one": {"answer": "UNKNOWN"}, "two": {"absent": "UNKNOWN"}, "three": None}, {}
    )
    assert [line.text for line in block.lines] == ["Not known", "Not known"]
    assert block.lines[1].is_quiet


def test_a_day_and_an_address_are_read_at_a_glance() -> None:
    content = {
        "dob": {"value": "1992-03-14"},
        "address": {"value": {"lines": ["12 Tern Court"], "town": "Marlbury", "uprn": "1"}},
        "bad": "1992-02-31",
    }
    (block,) = blocks(content, {})
    assert [line.text for line in block.lines] == [
        "14 March 1992",
        "12 Tern Court, Marlbury",
        "1992-02-31",
    ]
