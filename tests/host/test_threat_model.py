"""The published threat model is complete, and says nothing that no test shows (F111)."""

from __future__ import annotations

import re
from functools import cache

import pytest

from tests.test_house import ROOT, files

PAGE = (ROOT / "docs/threat-model.md").read_text("utf-8")
HEADING = re.compile(r"^### T(\d\d) (.+)$", re.M)
NUMBERS = [f"{number:02}" for number in range(1, 24)]

# What a reader must be told that the gateway does not do for them.
OPEN = (
    "Python cannot wipe",
    "Hosted custody",
    "keeps what it has read",
    "compromised agency",
    "operators together",
    "Traffic",
    "number of entries",
    "Harvest now, decrypt later",
    "formal analysis",
)


@cache
def sections() -> dict[str, str]:
    """The part of the page about each threat."""
    parts = re.split(r"^(?=#{2,3} )", PAGE, flags=re.M)
    return {found[1]: part for part in parts if (found := HEADING.match(part))}


@cache
def known() -> frozenset[str]:
    """The name of every test there is."""
    texts = [path.read_text() for path in files() if path.name.startswith("test_")]
    return frozenset(name for text in texts for name in re.findall(r"def (test_\w+)\(", text))


def named(text: str) -> set[str]:
    return set(re.findall(r"`(test_\w+)`", text))


def test_F111_the_page_tells_of_all_threats_in_their_order() -> None:
    assert [number for number, _ in HEADING.findall(PAGE)] == NUMBERS


@pytest.mark.parametrize("number", NUMBERS)
def test_F111_each_threat_has_a_control_and_a_test_or_says_what_is_owed(number: str) -> None:
    text = sections()[number]
    assert "**Control.**" in text
    shown = named(text)
    assert shown or "**Owed:**" in text
    assert bool(shown) is ("**Shown by**" in text)
    assert any(f"T{number}" in name for name in shown) or "**Owed:**" in text


def test_F111_every_test_it_names_exists() -> None:
    assert named(PAGE) - known() == set()


def test_F111_every_test_with_a_threats_number_stands_under_that_threat() -> None:
    missing = {
        (f"T{number}", name)
        for name in known()
        for number in re.findall(r"_T(\d\d)(?=_)", name)
        if name not in named(sections()[number])
    }
    assert missing == set(), "name them in docs/threat-model.md, under that threat"


@pytest.mark.parametrize("words", OPEN)
def test_F111_it_says_what_is_not_protected(words: str) -> None:
    _, _, rest = PAGE.partition("## What we do not protect against")
    assert words in rest


def test_F111_the_operators_guide_leads_to_it() -> None:
    assert "(threat-model.md)" in (ROOT / "docs/operate.md").read_text()
