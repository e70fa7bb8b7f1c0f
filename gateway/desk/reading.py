"""Owns how the text of a case is laid out for reading: short lines under a few headings.

Only the shape changes. Codes become words, a value is taken out of its wrapping, and what a field
says besides its value stands under it; no text is cut or put in other words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from inspect import getmembers, isclass
from typing import Any

from gateway.desk.words import plain
from gateway.schemas import codes, consent_codes, people_codes, research_codes

_CODES = frozenset(
    member.value
    for module in (codes, consent_codes, people_codes, research_codes)
    for _, found in getmembers(module, isclass)
    if issubclass(found, StrEnum)
    for member in found
)
_SAID = {
    "YES": "Yes",
    "NO": "No",
    "UNKNOWN": "Not known",
    "DONT_KNOW": "Does not know",
    "SEALED": "Sealed",
    "KNOWN_TO_PERP": "Known to who causes harm",
}
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)\S*", re.ASCII)
_WRAPS = ("absent", "value", "answer", "code", "status")
_FEW = 3  # members that are read as one piece
_NAMELESS = frozenset({"text", "notes", "name", "summary", "rationale", "answer", "code", "kind"})
_SILENT = frozenset({"ref", "sha256"})  # of use to machines alone
_PLACE = ("lines", "town", "postcode")


@dataclass(frozen=True, slots=True)
class Line:
    """One field: its name, what it says, and what was said besides."""

    label: str
    text: str
    more: str = ""
    is_quiet: bool = False


@dataclass(slots=True)
class Block:
    """Lines under one heading; the first of a section has none."""

    title: str
    lines: list[Line] = field(default_factory=list)


def blocks(content: object, labels: Mapping[str, str]) -> list[Block]:
    """Return the content of a section as it is read; `labels` are those of instruments' items."""
    if not isinstance(content, Mapping):
        return [Block("", [Line("", _said(content))])]
    found = [Block("")]
    if len(content) == 1:
        inner = _unwrapped(next(iter(content.values())))[0]
        if isinstance(inner, Mapping) and _has_lines(inner):
            content = inner  # the section's heading says it already
    _fill(found, content, labels, "")
    return [each for each in found if each.lines]


def _fill(
    found: list[Block], content: Mapping[str, Any], labels: Mapping[str, str], above: str
) -> None:
    """Lines first, then what has lines of its own, so that each stands under its heading."""
    members = [(name, each) for name, each in content.items() if name not in _SILENT]
    for name, value in sorted(members, key=lambda each: _has_lines(_unwrapped(each[1])[0])):
        _add(found, name, value, labels, above)


def _add(found: list[Block], name: str, value: Any, labels: Mapping[str, str], above: str) -> None:
    label = labels.get(name, plain(name))
    inner, more = _unwrapped(value)
    if inner is None or inner in ("", [], {}):
        return
    if isinstance(inner, list) and _has_lines(inner):
        _add_list(found, label, inner, labels, above)
    elif isinstance(inner, Mapping) and _has_lines(inner):
        title = f"{above}: {label}" if above else label
        found.append(Block(title))
        _fill(found, inner, labels, title)
    else:
        is_absent = isinstance(value, Mapping) and "absent" in value
        found[-1].lines.append(Line(label, _said(inner), more, is_absent))


def _add_list(
    found: list[Block], label: str, items: list[Any], labels: Mapping[str, str], above: str
) -> None:
    title = f"{above}: {label}" if above else label
    if all(isinstance(each, Mapping) and "item_id" in each for each in items):
        found.append(Block(title, [_answer(each, labels) for each in items]))
        return
    for number, each in enumerate(items, 1):
        found.append(Block(f"{title} {number}" if len(items) > 1 else title))
        if isinstance(each, Mapping):
            _fill(found, each, labels, found[-1].title)
        else:
            found[-1].lines.append(Line("", _said(each)))


def _answer(item: Mapping[str, Any], labels: Mapping[str, str]) -> Line:
    """One question of a risk instrument."""
    name = str(item["item_id"])
    rest = [_said(item[key]) for key in ("comment", "source_note") if item.get(key)]
    rest += [
        f"{plain(str(each.get('id', '')))}: {_said(each.get('value'))}"
        for each in item.get("subitem_values", ())
    ]
    value = _said(item.get("value"))
    return Line(labels.get(name, name), value, "; ".join(rest), value != "Yes")


def _unwrapped(value: Any) -> tuple[Any, str]:
    """The value inside its wrapping, and what was said besides."""
    if not isinstance(value, Mapping):
        return value, ""
    name = next((each for each in _WRAPS if each in value), None)
    if name is None or (name not in ("absent", "value") and _has_lines(value)):
        return value, ""
    inner, more = _unwrapped(value[name])
    rest = _few({key: each for key, each in value.items() if key != name})
    return inner, "; ".join(filter(None, [more, rest]))


def _has_lines(value: Any) -> bool:
    """Whether a value has lines of its own, under a heading of its own."""
    if isinstance(value, list):
        return any(_has_lines(each) for each in value)
    if not isinstance(value, Mapping) or "lines" in value:
        return False
    is_flat = not any(isinstance(each, Mapping | list) for each in value.values())
    return not (is_flat and len(value) <= _FEW)


def _said(value: Any) -> str:
    """A value in words."""
    if isinstance(value, Mapping):
        return _address(value) if "lines" in value else _few(value)
    if isinstance(value, list):
        return ("; " if any(isinstance(each, Mapping) for each in value) else ", ").join(
            filter(None, (_said(each) for each in value))
        )
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return _text(str(value))


def _few(value: Mapping[str, Any]) -> str:
    """A few words that belong together; what a remark is called need not be said."""
    parts = [(name, _said(_unwrapped(each)[0])) for name, each in value.items()]
    shown = [
        said if name in _NAMELESS else f"{plain(name)}: {said}"
        for name, said in parts
        if said and name not in _SILENT
    ]
    return "; ".join(shown)


def _text(text: str) -> str:
    if text in _SAID:
        return _SAID[text]
    if text in _CODES:
        return plain(text)
    if found := _DAY.fullmatch(text):
        return _day(*map(int, found.groups()))
    if found := _MOMENT.fullmatch(text):
        return f"{_text(found[1])}, {found[2]} UTC"
    return text


def _day(year: int, month: int, day: int) -> str:
    try:
        return f"{day} {date(year, month, day):%B %Y}"
    except ValueError:
        return f"{year:04}-{month:02}-{day:02}"


def _address(value: Mapping[str, Any]) -> str:
    parts = [_said(_unwrapped(value[name])[0]) for name in _PLACE if name in value]
    rest = [
        f"{plain(name).lower()} {_said(each)}"
        for name, each in value.items()
        if name not in (*_PLACE, "uprn")
    ]
    shown = ", ".join(filter(None, parts))
    return f"{shown} ({', '.join(rest)})" if rest else shown
