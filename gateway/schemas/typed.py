"""Owns what a person types into fields of a form: each by its pointer, made into a document.

What cannot be read as what it should be goes into the document as it was typed, so that the form
itself says what is wrong with it. Nothing is guessed: what is left empty is not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from gateway.schemas.blanks import NoneOr, OrReason
from gateway.schemas.fields import Bool, Code, Int, Only, Strict, Text
from gateway.schemas.parts import Form, ListOf, Part
from gateway.schemas.shapes import Date, NhsNumber, Postcode, Timestamp

Typed = Mapping[str, Sequence[str]]
"""By the pointer of a field, what was typed into it, or chosen: several where several may be."""

NAMED = ("/perpetrators", "/children")  # of whom others in the document may speak
YES, NO = "yes", "no"
_DAY = re.compile(r"(\d{1,2})[ ./-]+(\d{1,2})[ ./-]+(\d{4})")
_MOMENT = re.compile(r"(.+?)[ ,T]+(\d{1,2})[:.](\d{2})")
_SHORT = re.compile(r"([A-Z]{1,2}[0-9][0-9A-Z]?)\s*([0-9][A-Z]{2})")


def to_document(form: Form, typed: Typed, zone: tzinfo, at: str = "") -> dict[str, Any]:
    """Return the document that was typed; moments were typed by the clock of `zone`."""
    found = {}
    for name, field in form.strict_fields().items():
        value = _value(field, typed, zone, f"{at}/{name}")
        if value is not None:
            found[name] = value
    if any(value not in ([], {}) for value in found.values()):
        found |= {n: False for n, f in form.strict_fields().items() if _is_constant(f)}
    return found


def from_document(document: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what was typed to give a document: `to_document` makes the same of it again.

    Days and moments stand as the form spells them. What a page gives and nobody types is left out:
    the short names of people, and where a section travels sealed.
    """
    found: dict[str, list[str]] = {}
    for pointer, text in _typed_in(document, ""):
        found.setdefault(pointer, []).append(text)
    return found


def _typed_in(value: Any, at: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            if _is_typed(name, each, at):
                yield from _typed_in(each, f"{at}/{name}")
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        for number, each in enumerate(value):
            yield from _typed_in(each, f"{at}/{number}")
    elif isinstance(value, list):
        yield from ((at, str(each)) for each in value)
    elif isinstance(value, bool):
        yield at, YES if value else NO
    else:
        yield at, str(value)


def _is_typed(name: str, value: Any, at: str) -> bool:
    if name == "ref":
        return not any(at.startswith(f"{each}/") and at.count("/") == 2 for each in NAMED)
    return name != "contact" and not (name == "aware_of_referral" and value is False)


def first(typed: Typed, name: str) -> str:
    """What was typed into a field that takes one text; "" if nothing was."""
    return next((text for text in typed.get(name, ()) if text.strip()), "")


def count(typed: Typed, at: str) -> int:
    """How many entries of a list were begun: up to the last into which anything was typed."""
    numbers = (_number(name, at) for name, texts in typed.items() if any(t.strip() for t in texts))
    return max((n + 1 for n in numbers if n is not None), default=0)


def without(typed: Typed, at: str, number: int) -> dict[str, Sequence[str]]:
    """Return the same without one entry of a list; those after it move up."""
    found = {}
    for name, texts in typed.items():
        n = _number(name, at)
        if n is None or n < number:
            found[name] = texts
        elif n > number:
            found[name.replace(f"{at}/{n}/", f"{at}/{n - 1}/", 1)] = texts
    return found


def _number(name: str, at: str) -> int | None:
    if not name.startswith(f"{at}/"):
        return None
    step = name[len(at) + 1 :].split("/", 1)[0]
    return int(step) if step.isascii() and step.isdigit() and len(step) < 4 else None


def _is_constant(field: Strict[Any]) -> bool:
    """Something that nobody types because only one answer is possible."""
    return isinstance(field, Only) and field.required and field.constant is False


def _value(field: Strict[Any], typed: Typed, zone: tzinfo, at: str) -> Any:
    match field:
        case OrReason():
            return _or_reason(field, typed, zone, at)
        case NoneOr():
            return _none_or(field, typed, zone, at)
        case Part():
            return _part(field, typed, zone, at)
        case ListOf():
            return _list(field, typed, zone, at)
        case Only():
            return None
        case _:
            text = first(typed, at)
            return _plain(field, text, zone) if text else None


def _part(field: Part, typed: Typed, zone: tzinfo, at: str) -> Any:
    found = to_document(field.form, typed, zone, at)
    is_empty = all(value in ([], {}) for value in found.values())
    return None if is_empty and not field.required else found


def _or_reason(field: OrReason, typed: Typed, zone: tzinfo, at: str) -> Any:
    found: dict[str, Any] = {}
    value = _value(field.inner, typed, zone, f"{at}/value")
    if value not in (None, {}, []):
        found["value"] = value
    if reason := first(typed, f"{at}/absent"):
        found["absent"] = reason
    return found or None


def _none_or(field: NoneOr, typed: Typed, zone: tzinfo, at: str) -> Any:
    listed = _list(field.listed, typed, zone, at)
    is_none = first(typed, f"{at}/none") == YES
    if is_none:
        return {"none": False} if listed else {"none": True}  # both at once is neither
    return listed


def _list(field: ListOf, typed: Typed, zone: tzinfo, at: str) -> Any:
    if isinstance(field.inner, Part):
        found: list[Any] = [
            _named(_part(field.inner, typed, zone, f"{at}/{n}"), at, n)
            for n in range(count(typed, at))
        ]
    elif isinstance(field.inner, Code):
        found = [each for each in typed.get(at, ()) if each]
    else:
        lines = (line.strip() for text in typed.get(at, ()) for line in text.splitlines())
        found = [_plain(field.inner, line, zone) for line in lines if line]
    return found or ([] if field.required and not field.least else None)


def _named(content: Any, at: str, number: int) -> Any:
    """Somebody of the document has a short name; a page gives it, nobody types it."""
    if at not in NAMED or not content:
        return content
    return {"ref": ref_of(at, number), **content}


def ref_of(at: str, number: int) -> str:
    """The short name of one of the people of a document, by list and place."""
    return f"{at[1]}{number + 1}"


def _plain(field: Strict[Any], text: str, zone: tzinfo) -> Any:
    """One value as the form wants it, or as it was typed where it cannot be read so."""
    match field:
        case Bool():
            return {YES: True, NO: False}.get(text, text)
        case Int():
            return int(text) if re.fullmatch(r"[0-9]{1,9}", text.strip()) else text
        case Date():
            return read_day(text)
        case Timestamp():
            return _moment(text, zone)
        case Text():
            return text.replace("\r\n", "\n").strip()
        case _:
            return _shaped(field, text.strip())


def _shaped(field: Strict[Any], text: str) -> str:
    """The one spelling that a form takes, of what people spell in several ways."""
    if isinstance(field, Postcode) and (found := _SHORT.fullmatch(text.upper())):
        return f"{found[1]} {found[2]}"
    if isinstance(field, NhsNumber):
        return text.replace(" ", "").replace("-", "")
    return text


def read_day(text: str) -> str:
    """A day as people write it here, day first, in the spelling of the form; else as it was."""
    found = _DAY.fullmatch(text.strip())
    if found is None:
        return text.strip()
    try:
        return date(int(found[3]), int(found[2]), int(found[1])).isoformat()
    except ValueError:
        return text.strip()


def _moment(text: str, zone: tzinfo) -> str:
    found = _MOMENT.fullmatch(text.strip())
    try:
        day = date.fromisoformat(read_day(found[1] if found else text))
        hour, minute = (int(found[2]), int(found[3])) if found else (0, 0)
        local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
        return local.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError):
        return text.strip()


def place_of(pointer: str, names: Iterable[str]) -> str:
    """The field beside which a fault is told: of those on a page the nearest above its pointer.

    Of a value that is missing altogether it is the first field below.
    """
    known = sorted(names)
    below = [n for n in known if n == pointer or n.startswith(f"{pointer}/")]
    if below:
        return next((n for n in below if not n.endswith("/absent")), below[0])
    above = [n for n in known if pointer.startswith(f"{n}/")]
    if above:
        return max(above, key=len)
    parent = pointer.rsplit("/", 1)[0]
    return place_of(parent, known) if parent else ""
